"""The commands of those who take data: what they print, and how they end."""

import json

import pytest

from tests.publish.conftest import RELEASE


def test_a_person_exports_rehearses_and_is_told_where_it_lies(guihu, released, tmp_path):
    done = guihu("export", "mart_macro__series", "--format", "parquet", "--as", "analyst", "--as-of", "2024-05-01", "--to", str(tmp_path), "--tell", "json", GUIHU_HOME=str(released.home))
    told = json.loads(done.stdout)
    assert (done.returncode, told["rows"], told["folder"].startswith(f"{tmp_path}/mart_macro__series-{RELEASE}-2024-05-01-")) == (0, 3, True)
    done = guihu("export", "mart_macro__series", "--as", "analyst", "--dry-run", GUIHU_HOME=str(released.home))
    assert "would write 4 rows of 14 columns" in done.stdout


@pytest.mark.parametrize("arguments, code, words", [
    (["export", "mart_nothing", "--as", "analyst"], 2, "mart_macro__series"),
    (["export", "mart_macro__series", "--as", "analyst", "--format", "pdf"], 2, "csv, parquet, xlsx, sdmx-csv, datapackage, dta"),
    (["export", "mart_macro__series", "--as", "nobody"], 2, "roles are"),
    (["export", "mart_macro__series", "--as", "analyst", "--where", "1 in (select 1)"], 2, "no subquery"),
    (["export", "mart_macro__series", "--as", "analyst", "--release", "2020"], 1, "guihu release list"),
    (["export", "mart_macro__series", "--as", "analyst", "--format", "dta"], 1, "2^53"),
    (["share", "recipient", "add", "A b", "--role", "public"], 2, "no name"),
    (["share", "recipient", "add", "ab", "--role", "nobody"], 2, "roles are"),
    (["share", "recipient", "revoke", "nobody"], 2, "there is no recipient"),
])  # fmt: skip
def test_what_does_not_fit_ends_with_words_and_a_code(guihu, released, arguments, code, words):
    done = guihu(*arguments, GUIHU_HOME=str(released.home))
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


def test_recipients_are_added_listed_and_revoked(guihu, released):
    home = {"GUIHU_HOME": str(released.home)}
    assert "mode 0600" in guihu("share", "recipient", "add", "institute", "--role", "public", "--days", "7", **home).stdout
    assert "institute: public, valid" in guihu("share", "recipient", "list", **home).stdout
    assert "public: 1 tables, read by" in guihu("share", "list", **home).stdout
    assert guihu("share", "recipient", "revoke", "institute", **home).returncode == 0
    assert "institute: public, revoked" in guihu("share", "recipient", "list", **home).stdout
