"""What the public takes from a page is what `guihu export … --as public` writes, byte for byte; of what the public may not see there is no file."""

import hashlib
import shutil
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest
from frictionless import Package

from spark_jobs.files import read_json, write_json
from spark_jobs.publish import catalogue, disclosure, policy
from spark_jobs.publish import release as releases
from spark_jobs.publish.catalogue import downloads
from spark_jobs.publish.export.run import Request, export

BOTH = pytest.mark.parametrize("which", ["small", pytest.param("whole", marks=[pytest.mark.service, pytest.mark.stack, pytest.mark.timeout(900)])])


@pytest.fixture
def named(small, tmp_path):
    """A copy of the small site, served: exports can be asked of it, and leave their lines there."""
    home = tmp_path / "home"
    shutil.copytree(small.settings.home, home)
    settings = replace(small.settings, home=home)
    folder = settings.releases / small.release["release_id"]
    write_json(folder / "release.json", small.release)
    (settings.releases / "current").symlink_to(folder.name)
    return SimpleNamespace(settings=settings, release=small.release, folder=folder / "catalogue", facts=small.facts)


@BOTH
def test_each_button_leads_to_a_file_of_the_size_and_digest_beside_it(request, which):
    site = request.getfixturevalue(which)
    offered = 0
    for item in site.facts["datasets"]:
        for file in item["take"]["files"]:
            content = (site.folder / file["path"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
            for language in ("zh", "en"):
                page = (site.folder / language / "dataset" / f"{item['id']}.html").read_text(encoding="utf-8")
                shown = [f'href="../../{file["path"]}" download', file["sha256"], item["take"]["licence"].partition(" ")[0], item["take"]["identifier"]]
                assert [text for text in [*shown, *(f"../../{paper}" for paper in file["papers"])] if text not in page] == []
            offered += 1
    with_files = [item for item in site.facts["datasets"] if item["take"]["files"]]
    print(f"files with size, SHA-256, citation and licence beside them: {offered} of {offered}, of {len(with_files)} datasets")
    assert all({file["format"] for file in item["take"]["files"]} >= {"csv", "parquet", "datapackage"} for item in with_files) and offered >= 4


@BOTH
def test_only_what_the_public_may_see_and_what_names_no_person_has_files(request, which):
    site = request.getfixturevalue(which)
    lying = {path.relative_to(site.folder / downloads.FOLDER).parts[0] for path in (site.folder / downloads.FOLDER).rglob("*") if path.is_file()}
    wanted = {item["id"] for item in site.facts["datasets"] if item["is_public"] and not item["holds_identifiers"]}
    closed = [item for item in site.facts["datasets"] if item["id"] not in wanted]
    for item in closed:
        page = (site.folder / "en" / "dataset" / f"{item['id']}.html").read_text(encoding="utf-8")
        assert "download>" not in page and "There is no file to download" in page
    print(f"datasets with files: {len(lying)} of {len(wanted)} that are public; without, as it must be: {len(closed)} of {len(closed)}")
    assert lying == wanted and wanted and closed


@pytest.mark.service
@pytest.mark.stack
def test_files_of_the_pages_equal_the_exports_byte_for_byte(whole, tmp_path):
    compared = [_equal(whole, item, tmp_path) for item in whole.facts["datasets"] if item["take"]["files"]]
    print(f"files equal to those of `guihu export --as public`, byte for byte: {sum(compared)} of {sum(compared)}, of {len(compared)} datasets")
    assert sum(compared) > 100


def test_a_file_of_a_page_equals_the_export_byte_for_byte(named, tmp_path):
    gdp = next(item for item in named.facts["datasets"] if item["id"] == "mart_economy__gdp")
    count = _equal(named, gdp, tmp_path)
    print(f"files equal to those of `guihu export --as public`: {count} of {count}")
    assert count == 3 * 5 + 6


def test_the_data_package_is_valid_and_the_same_whenever_it_is_made(small, tmp_path):
    gdp = next(item for item in small.facts["datasets"] if item["id"] == "mart_economy__gdp")
    path = small.folder / next(file["path"] for file in gdp["take"]["files"] if file["format"] == "datapackage")
    with zipfile.ZipFile(path) as whole:
        whole.extractall(tmp_path)
    package = Package(str(tmp_path / "mart_economy__gdp" / "datapackage.json"))
    assert package.validate().valid and len(package.resources[0].read_rows()) == 12
    before = {file.relative_to(small.folder): file.read_bytes() for file in (small.folder / downloads.FOLDER).rglob("*") if file.is_file()}
    catalogue.write(small.settings, small.release, None)
    after = {file.relative_to(small.folder): file.read_bytes() for file in (small.folder / downloads.FOLDER).rglob("*") if file.is_file()}
    assert after == before


def test_what_has_no_file_names_the_command_and_the_department_that_decides(small):
    penalty = next(item for item in small.facts["datasets"] if item["id"] == "mart_credit__penalty")
    assert (penalty["take"]["role"], penalty["take"]["owner"]["zh"]) == ("data_engineer", "自治区市场监督管理局")
    page = (small.folder / "zh" / "dataset" / "mart_credit__penalty.html").read_text(encoding="utf-8")
    assert "guihu export mart_credit__penalty --as data_engineer" in page and "./guihu request ask mart_credit__penalty --as researcher" in page and "自治区市场监督管理局" in page


def test_a_file_that_did_not_change_is_kept_once(small, tmp_path):
    serving, former = small.folder.parent / "public" / "serve.duckdb", small.folder
    later = small.release | {"release_id": "20990201T000000-cccccccc", "released_at": "2099-02-01T00:00:00+00:00"}
    downloads.write(small.settings, later, serving, ["mart_economy__gdp"], tmp_path, former)
    place = f"{downloads.FOLDER}/mart_economy__gdp/csv"
    same = {path.name: path.samefile(former / place / path.name) for path in (tmp_path / place).iterdir()}
    assert same == {"mart_economy__gdp.csv": True, "dictionary.csv": True, "CITATION.cff": False, "README.md": False, "SHA256SUMS": False}


def test_files_made_under_other_rules_of_disclosure_or_another_policy_are_taken_away(named, monkeypatch):
    told = named.release | {"policy": policy.digest(), "disclosure": disclosure.digest()}
    write_json(named.folder.parent / "release.json", told)
    releases._close_old_ones(named.settings)
    assert catalogue.is_whole(named.settings, told["release_id"])
    monkeypatch.setattr(disclosure, "digest", lambda: "changed")
    releases._close_old_ones(named.settings)
    assert not (named.folder / downloads.FOLDER).exists() and (named.folder.parent / "public" / "serve.duckdb").is_file()
    assert not catalogue.is_whole(named.settings, told["release_id"])
    catalogue.write(named.settings, told, None)
    assert catalogue.is_whole(named.settings, told["release_id"]) and read_json(named.folder / "facts.json") == named.facts


def _equal(site, item: dict, tmp_path) -> int:
    """Compare every file of the dataset with its export; returns how many."""
    compared = 0
    for file in item["take"]["files"]:
        release_id = site.facts["release"]["release_id"]
        folder = export(site.settings, Request(item["id"], file["format"], policy.PUBLIC, policy.PUBLIC, release_id), tmp_path)["folder"]
        exported = {path.name: path.read_bytes() for path in folder.iterdir()}
        if file["format"] == "datapackage":
            with zipfile.ZipFile(site.folder / file["path"]) as whole:
                offered = {name.rpartition("/")[2]: whole.read(name) for name in whole.namelist()}
        else:
            offered = {path.name: path.read_bytes() for path in (site.folder / file["path"]).parent.iterdir()}
        assert offered == exported, file["path"]
        compared += len(exported)
    return compared
