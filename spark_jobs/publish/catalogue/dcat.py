"""The catalogue as DCAT-AP 3 (SEMIC, release 3.0.0) in Turtle and JSON-LD; and one dataset as schema.org markup.

Datasets are named by urn; pages and files by addresses relative to the catalogue, so that it can stand anywhere.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from spark_jobs.publish.catalogue import words

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

EU = "http://publications.europa.eu/resource/authority/"
LANGUAGES = {"zh": f"{EU}language/ZHO", "en": f"{EU}language/ENG"}
RIGHTS = {"public": "PUBLIC", "restricted": "RESTRICTED", "closed": "NON_PUBLIC"}
THEMES = {  # domain → theme of the EU's data-theme list
    "economy": ("ECON", "Economy and finance", "经济和金融"),
    "macro": ("ECON", "Economy and finance", "经济和金融"),
    "industry": ("ECON", "Economy and finance", "经济和金融"),
    "legal_person": ("ECON", "Economy and finance", "经济和金融"),
    "environment": ("ENVI", "Environment", "环境"),
    "population": ("SOCI", "Population and society", "人口和社会"),
    "credit": ("JUST", "Justice, legal system and public safety", "司法、法制和公共安全"),
}
OTHER_THEME = ("GOVE", "Government and public sector", "政府和公共部门")
FORMATS = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("PARQUET", "application/vnd.apache.parquet"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "datapackage": ("ZIP", "application/zip"),
}
PUBLISHER = {"zh": "桂湖：广西政务数据湖", "en": "Guihu, the government lakehouse of Guangxi"}
CATALOGUE = {"zh": "桂湖数据目录", "en": "Guihu data catalogue"}


def write(facts: dict, folder: Path) -> None:
    """dcat.ttl and dcat.jsonld."""
    found = graph(facts)
    for name, format in (("dcat.ttl", "turtle"), ("dcat.jsonld", "json-ld")):
        found.serialize(folder / name, format=format, encoding="utf-8")


def graph(facts: dict) -> "Graph":
    """Catalog, a Dataset for every served table and every feed, a Distribution for each format in which the public may take a table."""
    from rdflib import DCAT, DCTERMS, FOAF, OWL, RDF, SKOS, XSD, Graph, Literal, Namespace, URIRef

    found, vcard, release = Graph(), Namespace("http://www.w3.org/2006/vcard/ns#"), facts["release"]
    spdx = Namespace("http://spdx.org/rdf/terms#")
    for prefix, space in (("dcat", DCAT), ("spdx", spdx), ("dct", DCTERMS), ("foaf", FOAF), ("skos", SKOS), ("vcard", vcard), ("owl", OWL)):
        found.bind(prefix, space)

    def named(address: str, kind: "URIRef", **texts: dict) -> "URIRef":
        node = URIRef(address)
        found.add((node, RDF.type, kind))
        for name, text in texts.items():
            _say(found, node, {"title": DCTERMS.title, "name": FOAF.name, "label": SKOS.prefLabel, "fn": vcard.fn}[name], text)
        return node

    catalog = named("urn:guihu:catalogue", DCAT.Catalog, title=CATALOGUE)
    publisher = named("urn:guihu:publisher", FOAF.Agent, name=PUBLISHER)
    region = named("urn:gb-t-2260:450000", DCTERMS.Location, label={"zh": "广西壮族自治区", "en": "Guangxi Zhuang Autonomous Region"})
    taxonomy = named(f"{EU}data-theme", SKOS.ConceptScheme, title={"zh": "数据主题", "en": "Data theme"})
    languages = [named(address, DCTERMS.LinguisticSystem) for address in LANGUAGES.values()]
    _say(found, catalog, DCTERMS.description, {"zh": f"发布批次 {release['release_id']} 的全部数据集与数据源", "en": f"Every dataset and feed of release {release['release_id']}"})
    for predicate, value in (
        (DCTERMS.publisher, publisher),
        (DCTERMS.spatial, region),
        (DCAT.themeTaxonomy, taxonomy),
        (DCTERMS.modified, Literal(release["released_at"], datatype=XSD.dateTime)),
        (FOAF.homepage, named("index.html", FOAF.Document)),
        *((DCTERMS.language, language) for language in languages),
    ):
        found.add((catalog, predicate, value))
    for item in [*facts["datasets"], *facts["feeds"]]:
        dataset = named(f"urn:guihu:{item['kind']}:{item['id']}", DCAT.Dataset, title=item["title"])
        found.add((catalog, DCAT.dataset, dataset))
        _say(found, dataset, DCTERMS.description, item["description"])
        theme, *labels = THEMES.get(item["domain"], OTHER_THEME)
        concept = named(f"{EU}data-theme/{theme}", SKOS.Concept, label={"en": labels[0], "zh": labels[1]})
        found.add((concept, SKOS.inScheme, taxonomy))
        rights = "public" if item["is_public"] else "closed" if item["sharing"] == "不予共享" else "restricted"
        owner = f"urn:guihu:department:{quote(item['departments'][0])}"
        for predicate, value in (
            (DCTERMS.identifier, Literal(f"urn:guihu:{item['id']}:{release['release_id']}")),
            (DCTERMS.publisher, publisher),
            (DCTERMS.creator, named(owner, FOAF.Agent, name=words.department(item["departments"][0]))),
            (DCAT.contactPoint, named(f"{owner}:contact", vcard.Kind, fn=words.department(item["departments"][0]))),
            (DCTERMS.spatial, region),
            (DCAT.theme, concept),
            (DCTERMS.accessRights, named(f"{EU}access-right/{RIGHTS[rights]}", DCTERMS.RightsStatement)),
            (DCTERMS.accrualPeriodicity, named(f"{EU}frequency/{item['cycle']['code']}", DCTERMS.Frequency)),
            (URIRef(f"{DCAT}version"), Literal(release["release_id"])),
            (DCTERMS.issued, Literal(release["released_at"], datatype=XSD.dateTime)),
            *((DCAT.landingPage, named(_page(item, language), FOAF.Document)) for language in LANGUAGES),
            *((DCTERMS.language, language) for language in languages),
            *((DCAT.keyword, Literal(words.DOMAINS.get(item["domain"], {}).get(language, item["domain"]), lang=language)) for language in LANGUAGES),
            *((DCTERMS.source, URIRef(f"urn:guihu:feed:{feed}")) for feed in item["feeds"] if item["kind"] == "table"),
        ):
            found.add((dataset, predicate, value))
        if item.get("data_from"):
            period = named(f"urn:guihu:{item['kind']}:{item['id']}:period", DCTERMS.PeriodOfTime)
            for predicate, key in ((DCAT.startDate, "data_from"), (DCAT.endDate, "data_date")):
                found.add((period, predicate, Literal(item[key], datatype=XSD.date)))
            found.add((dataset, DCTERMS.temporal, period))
        for format, (name, media) in FORMATS.items() if item["is_public"] else ():
            file = next((file for file in item["take"]["files"] if file["format"] == format), None)
            taken = named(f"urn:guihu:table:{item['id']}:{format}", DCAT.Distribution, title={"zh": f"{item['title']['zh']}（{name}）", "en": f"{item['title']['en']} ({name})"})
            found.add((dataset, DCAT.distribution, taken))
            for predicate, value in (
                (DCAT.accessURL, _resource(found, _page(item, "zh"))),
                (DCTERMS.license, named("urn:guihu:licence:open", DCTERMS.LicenseDocument, title=item["terms"])),
                (DCTERMS["format"], named(f"{EU}file-type/{name}", DCTERMS.MediaTypeOrExtent)),
                (DCAT.mediaType, named(f"https://www.iana.org/assignments/media-types/{media}", DCTERMS.MediaType)),
                *(((DCAT.downloadURL, _resource(found, file["path"])), (DCAT.byteSize, Literal(file["bytes"], datatype=XSD.nonNegativeInteger))) if file else ()),
            ):
                found.add((taken, predicate, value))
            if file:
                sum = URIRef(f"{taken}:sha256")
                for subject, predicate, value in (
                    (taken, spdx.checksum, sum),
                    (sum, RDF.type, spdx.Checksum),
                    (sum, spdx.algorithm, spdx.checksumAlgorithm_sha256),
                    (spdx.checksumAlgorithm_sha256, RDF.type, spdx.ChecksumAlgorithm),
                    (sum, spdx.checksumValue, Literal(file["sha256"], datatype=XSD.hexBinary)),
                ):
                    found.add((subject, predicate, value))
    return found


def schema_org(item: dict, facts: dict, language: str) -> dict:
    """One dataset in the words of schema.org, for those who search the web."""
    found = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": item["title"][language],
        "alternateName": item["title"]["en" if language == "zh" else "zh"],
        "description": item["description"][language],
        "identifier": f"urn:guihu:{item['id']}:{facts['release']['release_id']}",
        "version": facts["release"]["release_id"],
        "datePublished": facts["release"]["released_at"],
        "inLanguage": language,
        "creator": [{"@type": "GovernmentOrganization", "name": words.department(name)[language]} for name in item["departments"]],
        "publisher": {"@type": "GovernmentOrganization", "name": PUBLISHER[language]},
        "spatialCoverage": {"@type": "Place", "name": {"zh": "广西壮族自治区", "en": "Guangxi"}[language], "identifier": "450000"},
        "isAccessibleForFree": item["is_public"],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column["name"], "description": column["label"][language]} | ({"unitText": column["unit"][language]} if column["unit"] else {})
            for column in item["columns"]
        ],
    }
    if item.get("data_from"):
        found["temporalCoverage"] = f"{item['data_from']}/{item['data_date']}"
    if files := item.get("take", {}).get("files"):
        found["distribution"] = [
            {"@type": "DataDownload", "contentUrl": f"../../{file['path']}", "encodingFormat": FORMATS[file["format"]][1], "contentSize": f"{file['bytes']} B", "sha256": file["sha256"]}
            for file in files
        ]
    if item.get("terms"):
        found["license"] = item["terms"][language]
        found["creditText"] = item["citation"][language]
    return found


def _page(item: dict, language: str) -> str:
    return f"{language}/{'dataset' if item['kind'] == 'table' else 'feed'}/{item['id']}.html"


def _resource(found: "Graph", address: str) -> "URIRef":
    from rdflib import RDF, RDFS, URIRef

    node = URIRef(address)
    found.add((node, RDF.type, RDFS.Resource))
    return node


def _say(found: "Graph", node: "URIRef", predicate: "URIRef", text: dict) -> None:
    from rdflib import Literal

    for language, said in text.items():
        found.add((node, predicate, Literal(said, lang=language)))
