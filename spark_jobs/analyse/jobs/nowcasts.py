"""Nowcasts of every model of the seed nowcast_model, on every day on which one of its series became known, and the news between the days.

A model is estimated on the first day on which all its series are known and again on the first day of each later year; parameters stand in
between, and every fit is kept, so that a nowcast that was once published can be made again. Days that are done are not done again.
"""

import hashlib
import json
from datetime import date

import duckdb
import pandas as pd

from spark_jobs.analyse import core
from spark_jobs.analyse.core import REGION
from spark_jobs.analyse.nowcast import estimate, interval, track
from spark_jobs.analyse.nowcast_model import Model, models
from spark_jobs.analyse.vintages import as_known, store_from_changes, vintage_dates

NOWCASTS, NEWS, FITS = "fct_nowcast", "fct_nowcast_news", "fct_nowcast_fit"
PERIODS = ("previous", "current", "next")
OF_THE_UNITED_STATES = "us_"  # prefix of the concepts of the New York Fed's data set


def run(reader: duckdb.DuckDBPyConnection, stored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The three tables, with what `stored` holds of days and fits that no new figure touched."""
    rows = reader.execute("select * from nowcast_model").df()
    every = models(rows.to_dict("records"), reader.execute("select * from nowcast_series").df().to_dict("records"))
    made: dict[str, list[pd.DataFrame]] = {NOWCASTS: [], NEWS: [], FITS: []}
    for settings in rows.itertuples():
        for name, frame in _of_model(reader, every[settings.model], settings, stored).items():
            made[name].append(frame)
    return {name: pd.concat([frame for frame in frames if len(frame)], ignore_index=True) for name, frames in made.items() if any(map(len, frames))}


def _of_model(reader: duckdb.DuckDBPyConnection, model: Model, settings, stored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    store = _store(reader, model)
    if store.empty:
        return {}
    former = {name: frame[frame["model"] == model.name] for name, frame in stored.items()}
    fits = _fits(store, model, settings, former.get(FITS))
    if not fits:
        return {}
    days = [day for day in vintage_dates(store) if day >= date.fromisoformat(fits[0]["estimated_on"])]
    marks = {day: _fingerprint(store, model, fits, day) for day in days}
    kept = _kept(former, marks)
    done = len(kept[NOWCASTS]["vintage_date"].unique()) if NOWCASTS in kept else 0
    new_days = days[max(done - 1, 0) :] if done < len(days) else []  # the last day done is where the news starts from
    nowcasts, news = [], []
    for number, (values, changes) in enumerate(track(store, fits, new_days, model.target, PERIODS) if new_days else []):
        if number or not done:
            nowcasts += [row | {"fingerprint": marks[date.fromisoformat(row["vintage_date"])]} for row in values]
        news += changes
    return {
        NOWCASTS: _with_intervals(pd.concat([kept.get(NOWCASTS, pd.DataFrame()), pd.DataFrame(nowcasts)], ignore_index=True)),
        NEWS: pd.concat([kept.get(NEWS, pd.DataFrame()), _as_dates(pd.DataFrame(news))], ignore_index=True),
        FITS: pd.DataFrame({"model": model.name, "estimated_on": pd.Timestamp(fit["estimated_on"]), "fit": json.dumps(fit)} for fit in fits),
    }


def _store(reader: duckdb.DuckDBPyConnection, model: Model) -> pd.DataFrame:
    """The vintages of the model's series. Those of the United States are levels as published; ours are made from sums since January, day by day."""
    codes = [series.code for series in model.series]
    if model.name.startswith(OF_THE_UNITED_STATES):
        wanted = ", ".join(f"'{OF_THE_UNITED_STATES}{code.lower()}'" for code in codes)
        found = core.observations(reader, f"division_code = 'US' and concept_code in ({wanted})")
        names = {f"{OF_THE_UNITED_STATES}{code.lower()}": code for code in codes}
        period = pd.PeriodIndex.from_fields(year=found["year"], month=found["last_month"], freq="M").to_timestamp()
        return store_from_changes(found.assign(series=found["concept_code"].map(names), period=period)[["series", "period", "vintage_date", "value"]])
    found = core.observations(reader, f"division_code = '{REGION}' and industry_code = 'TOTAL' and indicator_code in ({', '.join(map(repr, codes))})")
    states = [(day, _long(core.panel(core.as_of(found, day)))) for day in core.known_days(found)]
    return core.change_log(states, ["series", "period"])[["series", "period", "vintage_date", "superseded_date", "value"]] if states else pd.DataFrame()


def _long(panel: pd.DataFrame) -> pd.DataFrame:
    long = panel.rename_axis(index="month", columns="series").stack().rename("value").dropna().reset_index()
    return long.assign(period=pd.PeriodIndex(long["month"]).to_timestamp())[["series", "period", "value"]]


def _fits(store: pd.DataFrame, model: Model, settings, former: pd.DataFrame | None) -> list[dict]:
    """Fits in order; one that is kept is not made again."""
    known = {} if former is None else {pd.Timestamp(row.estimated_on).date(): json.loads(row.fit) for row in former.itertuples()}
    fits: list[dict] = []
    for day in vintage_dates(store):
        panel = as_known(store, day)
        if set(panel) < {series.code for series in model.series} or (fits and fits[-1]["estimated_on"][:4] == str(day.year)):
            continue
        same = day in known and known[day]["model"] == model.to_dictionary()
        fits.append(known[day] if same else estimate(panel, model, int(settings.maximum_iterations), float(settings.tolerance), day))
    return fits


def _fingerprint(store: pd.DataFrame, model: Model, fits: list[dict], day: date) -> str:
    """Of all that the nowcasts of a day depend on."""
    moment = pd.Timestamp(day)
    known = store[store["vintage_date"] <= moment].sort_values(["series", "period", "vintage_date"])
    digest = hashlib.sha256(pd.util.hash_pandas_object(known[["series", "period", "vintage_date", "value"]], index=False).to_numpy().tobytes())
    digest.update(json.dumps([model.to_dictionary(), [fit["estimated_on"] for fit in fits if fit["estimated_on"] <= day.isoformat()]], sort_keys=True).encode())
    return digest.hexdigest()


def _kept(former: dict[str, pd.DataFrame], marks: dict[date, str]) -> dict[str, pd.DataFrame]:
    """The results of the first days whose fingerprints are still those of today."""
    if NOWCASTS not in former:
        return {}
    was = {pd.Timestamp(day).date(): mark for day, mark in zip(former[NOWCASTS]["vintage_date"], former[NOWCASTS]["fingerprint"], strict=True)}
    good: set[date] = set()
    for day, mark in marks.items():
        if was.get(day) != mark:
            break
        good.add(day)
    return {name: former[name][pd.to_datetime(former[name]["vintage_date"]).dt.date.isin(good)] for name in (NOWCASTS, NEWS) if name in former}


def _with_intervals(nowcasts: pd.DataFrame) -> pd.DataFrame:
    """Bounds at 80 %, and the day from which another nowcast of the same period stood."""
    rows = _as_dates(nowcasts.drop(columns=["lower_80", "upper_80", "superseded_date"], errors="ignore")).sort_values(["period", "vintage_date"])
    bounds = [interval(row.value, row.standard_error, 0.8) for row in rows.itertuples()]
    rows = rows.assign(lower_80=[low for low, _ in bounds], upper_80=[high for _, high in bounds])
    return rows.assign(superseded_date=rows.groupby("period")["vintage_date"].shift(-1))


def _as_dates(rows: pd.DataFrame) -> pd.DataFrame:
    days = [name for name in ("vintage_date", "previous_vintage_date", "estimated_on") if name in rows]
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in days})
