"""Hold an event against the classes of openlineage-python, which OpenLineage generates from its published JSON Schema (spec 2-0-2).

Every object of the event is built as its class: an unknown property, a missing one or one of another type is a TypeError, a value of a wrong
form (run id, moment, address) a ValueError of the class itself. Facets must name the schema of their class.
"""

import types
import typing
from enum import Enum

import attr
from openlineage.client import event_v2, facet_v2

FACETS = {
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "ownership": facet_v2.ownership_dataset.OwnershipDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "dataQualityAssertions": facet_v2.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
}


def hold(event: dict) -> event_v2.RunEvent:
    """The event as OpenLineage's own object. Raises TypeError or ValueError where it breaks the schema."""
    return _built(event_v2.RunEvent, event)


def _built(kind: type, content: dict):
    if not isinstance(content, dict):
        raise TypeError(f"{kind.__name__}: an object is wanted, got {content!r}")
    given = dict(content)
    for name in ("schemaURL", "_schemaURL"):
        if name in {a.name for a in attr.fields(kind)} and given.pop(name, None) != kind._get_schema():
            raise ValueError(f"{kind.__name__}: {name} is not {kind._get_schema()}")
    hints = typing.get_type_hints(kind)
    unknown = set(given) - set(hints)
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{name.removeprefix("_"): _value(hints[name], value, f"{kind.__name__}.{name}") for name, value in given.items()})


def _value(hint, value, place: str):
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(next(one for one in inside if one is not type(None)), value, place)
    if origin is list:
        if not isinstance(value, list):
            raise TypeError(f"{place}: a list is wanted")
        return [_value(inside[0], one, place) for one in value]
    if origin is dict:
        if place.lower().endswith("facets"):
            return {name: _built(FACETS[name], one) for name, one in value.items()}
        return {name: _value(inside[1], one, place) for name, one in value.items()}
    if attr.has(hint):
        return _built(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise TypeError(f"{place}: {hint.__name__} is wanted, got {value!r}")
    return value
