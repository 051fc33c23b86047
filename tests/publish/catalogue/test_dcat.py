"""DCAT-AP 3: the catalogue's metadata against SEMIC's own SHACL shapes, and schema.org markup on each page."""

import json
import re
from pathlib import Path

import pytest
import rdflib
from pyshacl import validate
from rdflib import Graph, Literal

SHAPES = Path(__file__).parent / "dcat_ap_3_0_0" / "dcat-ap-SHACL.jsonld"
BASE = "https://catalogue.example/"
SHACL = "http://www.w3.org/ns/shacl#"
BOTH = pytest.mark.parametrize("which", ["small", pytest.param("whole", marks=[pytest.mark.service, pytest.mark.stack, pytest.mark.timeout(900)])])


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return Graph().parse(SHAPES, format="json-ld")


def test_the_shapes_are_there_in_full(shapes):
    targets = set(shapes.objects(predicate=rdflib.URIRef(f"{SHACL}targetClass")))
    constraints = set(shapes.objects(predicate=rdflib.URIRef(f"{SHACL}property")))
    print(f"classes with shapes: {len(targets)}, constraints: {len(constraints)}")
    assert {rdflib.DCAT.Catalog, rdflib.DCAT.Dataset, rdflib.DCAT.Distribution, rdflib.FOAF.Agent} <= targets and len(constraints) > 280


@BOTH
@pytest.mark.parametrize("name, format", [("dcat.ttl", "turtle"), ("dcat.jsonld", "json-ld")])
def test_the_catalogue_conforms(request, shapes, which, name, format):
    site = request.getfixturevalue(which)
    found = Graph().parse(site.folder / name, format=format, publicID=BASE)
    conforms, _, said = validate(found, shacl_graph=shapes)
    datasets = list(found.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))
    print(f"{name}: {len(datasets)} datasets, {len(list(found.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution)))} distributions, {len(found)} triples")
    assert conforms, said
    assert len(datasets) == len(site.facts["datasets"]) + len(site.facts["feeds"])
    for dataset in datasets:
        assert {text.language for text in found.objects(dataset, rdflib.DCTERMS.title)} == {"zh", "en"}
        for wanted in (
            rdflib.DCAT.contactPoint,
            rdflib.DCTERMS.publisher,
            rdflib.DCTERMS.accrualPeriodicity,
            rdflib.DCTERMS.spatial,
            rdflib.DCTERMS.accessRights,
            rdflib.DCAT.theme,
        ):
            assert (dataset, wanted, None) in found


def test_both_forms_say_the_same(small):
    turtle, jsonld = (Graph().parse(small.folder / name, format=format, publicID=BASE) for name, format in (("dcat.ttl", "turtle"), ("dcat.jsonld", "json-ld")))
    assert set(turtle) == set(jsonld)


@pytest.mark.parametrize(
    "kind, predicate",
    [
        (rdflib.DCAT.Catalog, rdflib.DCTERMS.title),
        (rdflib.DCAT.Catalog, rdflib.DCTERMS.description),
        (rdflib.DCAT.Catalog, rdflib.DCTERMS.publisher),
        (rdflib.DCAT.Dataset, rdflib.DCTERMS.title),
        (rdflib.DCAT.Dataset, rdflib.DCTERMS.description),
        (rdflib.DCAT.Distribution, rdflib.DCAT.accessURL),
        (rdflib.FOAF.Agent, rdflib.FOAF.name),
    ],
    ids=lambda value: value.rpartition("/")[2],
)
def test_without_a_mandatory_property_the_shapes_object(small, shapes, kind, predicate):
    broken = Graph().parse(small.folder / "dcat.ttl", publicID=BASE)
    broken.remove((next(broken.subjects(rdflib.RDF.type, kind)), predicate, None))
    conforms, _, said = validate(broken, shacl_graph=shapes)
    assert not conforms and "MinCount" in said


def test_a_publisher_that_is_a_word_and_no_agent_is_objected_to(small, shapes):
    broken = Graph().parse(small.folder / "dcat.ttl", publicID=BASE)
    broken.set((next(broken.subjects(rdflib.RDF.type, rdflib.DCAT.Catalog)), rdflib.DCTERMS.publisher, Literal("Guihu")))
    assert not validate(broken, shacl_graph=shapes)[0]


def test_only_what_the_public_sees_is_said_to_be_public_and_can_be_taken(small):
    found = Graph().parse(small.folder / "dcat.ttl", publicID=BASE)
    for item in small.facts["datasets"]:
        dataset = next(s for s in found.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset) if str(s) == f"urn:guihu:table:{item['id']}")
        rights = str(found.value(dataset, rdflib.DCTERMS.accessRights)).rpartition("/")[2]
        assert (rights == "PUBLIC") == item["is_public"] == bool(list(found.objects(dataset, rdflib.DCAT.distribution)))


def test_each_page_carries_schema_org_markup(small):
    pages = sorted((small.folder / "en").rglob("*/*.html"))
    for path in pages:
        markup = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', path.read_text(encoding="utf-8"), re.S)[1])
        assert markup["@type"] == "Dataset" and markup["name"] and len(markup["description"]) > 3 and markup["variableMeasured"], path
    print(f"pages with schema.org markup: {len(pages)} of {len(pages)}")
    assert len(pages) > 40
