"""What is being done, for how long, and what is left: a live table on a terminal, plain lines elsewhere."""

import time
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = 160  # a log is not cut to 80 columns


SECONDS_BETWEEN_LINES = 5


@dataclass
class Step:
    name: str
    detail: str = ""
    began: float | None = None
    seconds: float | None = None
    failed: bool = False


class Steps:
    """The steps of a longer work, in order. Several may be under way at once."""

    def __init__(self, *names: str):
        self.steps = {name: Step(name) for name in names}
        self.told, self.told_at = "", 0.0  # the last detail printed on something that is not a terminal
        self.live = Live(get_renderable=self.table, console=console, refresh_per_second=5) if console.is_terminal else None

    def __enter__(self) -> "Steps":
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_) -> None:
        if self.live:
            self.live.stop()

    def begin(self, name: str) -> None:
        self.steps[name].began = time.monotonic()

    def detail(self, name: str, text: str) -> None:
        step = self.steps[name]
        if text != step.detail:
            step.detail = text
            if not self.live and text != self.told and time.monotonic() > self.told_at + SECONDS_BETWEEN_LINES:
                self.told, self.told_at = text, time.monotonic()
                console.print(f"           {name}: {text}", markup=False)

    def finish(self, name: str, detail: str = "") -> None:
        step = self.steps[name]
        step.seconds = time.monotonic() - step.began
        step.detail = detail
        if not self.live:
            left = [other.name for other in self.steps.values() if other.seconds is None]
            console.print(f"  {step.seconds:6.1f} s  {name}  {detail}" + (f"   (left: {', '.join(left)})" if left else ""))

    @contextmanager
    def step(self, name: str):
        """One step as a block; a failure inside is marked and passed on."""
        self.begin(name)
        try:
            yield self
        except BaseException:
            self.steps[name].failed = True
            raise
        self.finish(name, self.steps[name].detail)

    def split(self) -> dict[str, float]:
        return {step.name: round(step.seconds, 1) for step in self.steps.values() if step.seconds is not None}

    def table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for step in self.steps.values():
            if step.failed:
                mark, seconds = "[red]✗[/]", now - step.began
            elif step.seconds is not None:
                mark, seconds = "[green]✓[/]", step.seconds
            elif step.began is not None:
                mark, seconds = "[yellow]…[/]", now - step.began
            else:
                mark, seconds = "[dim]·[/]", None
            table.add_row(mark, "" if seconds is None else f"{seconds:6.1f} s", step.name, f"[dim]{escape(step.detail)}[/]")
        return table
