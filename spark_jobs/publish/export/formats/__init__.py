"""One file a format. Each has `EXTENSION` and `write(extract, path, tell)`, which writes the data file and what the format wants beside it."""

from importlib import import_module
from types import ModuleType

FORMATS = {"csv": "csv", "parquet": "parquet", "xlsx": "xlsx", "sdmx-csv": "sdmx_csv", "datapackage": "datapackage", "dta": "dta"}


class UnknownFormat(ValueError):
    """No such format; the message lists those that exist."""


class DoesNotFit(ValueError):
    """The format cannot hold these rows unaltered; the message says what holds them."""


def format_module(name: str) -> ModuleType:
    if name not in FORMATS:
        raise UnknownFormat(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    return import_module(f"{__name__}.{FORMATS[name]}")
