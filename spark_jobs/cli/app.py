"""What the verbs share: the application they belong to, their common options, exit codes, and how they tell what they did."""

import json
import sys
from enum import Enum
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help="Guihu 桂湖: the lake's command. Each verb has --help with examples.")
feed_app = typer.Typer(no_args_is_help=True, help="Make new feeds.")
hold_app = typer.Typer(no_args_is_help=True, help="Decide about unusual deliveries.")
policy_app = typer.Typer(no_args_is_help=True, help="Who may see what, through which door, and why.")
REFUSED, USAGE, DOWN = 1, 2, 3


class Format(str, Enum):
    table = "table"
    csv = "csv"
    json = "json"


AsFormat = Annotated[Format, typer.Option("--format", help="json: the last line of the output is one JSON document")]
SkipCode = Annotated[int, typer.Option("--skip-exit-code", help="exit code where nothing changed (Airflow marks 99 as skipped)")]


def tell(document, format: Format, lines: list[str]) -> None:
    print("\n".join(lines), file=sys.stderr if format == Format.json else sys.stdout)
    if format == Format.json:
        print(json.dumps(document, ensure_ascii=False, default=str))
