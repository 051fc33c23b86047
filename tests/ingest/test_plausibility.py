"""What is unusual against history is held for the steward, who accepts or rejects it; nothing of a held delivery is committed."""

import json
from pathlib import Path

import pytest

from expectations.contract import load_feed
from spark_jobs import delta
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import CHECKOUT, Settings

PROVINCES = [f"第{n}省" for n in range(1, 13)]


@pytest.fixture
def lake(tmp_path) -> Settings:
    return Settings(home=tmp_path, environments=tmp_path, port=9)


def deliver(lake: Settings, feed_id: str, name: str, text: str, **manifest) -> dict:
    """Receive and ingest one file; returns its outcome."""
    path = lake.home / "sent" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    told = path.with_name(f"{name}.manifest.json")
    told.write_text(json.dumps(manifest))
    delivery, _ = landing.receive(lake, load_feed(feed_id), path, told)
    (result,) = flow.ingest(lake, load_feed(feed_id), [delivery])
    return result.outcome | {"delivery_id": delivery.delivery_id}


def gdp(years: range, factor: float = 1.0, growth: float = 0.06) -> str:
    lines = ["年份,省份,GDP总量"]
    lines += [f"{year},{name},{1000 * (n + 1) * (1 + growth) ** (year - 2000) * factor:.2f}" for year in years for n, name in enumerate(PROVINCES)]
    return "\n".join(lines) + "\n"


def month(number: int, cities: int = 10, flat: bool = False) -> str:
    lines = ["city,year,month,new_home_price_index,existing_home_price_index"]
    lines += [f"City{c},2030,{number},{100 if flat else 100 + (c * 7 + number * 3) % 11 / 10},{99 if flat else 99 + (c * 3 + number * 5) % 13 / 10}" for c in range(cities)]
    return "\n".join(lines) + "\n"


def codes(outcome: dict) -> list[str]:
    return [finding["code"] for finding in outcome.get("findings", [])]


def test_figures_in_another_unit_are_held_with_field_series_and_ratio(lake):
    assert deliver(lake, "economy.gdp_provincial", "a.csv", gdp(range(2010, 2020)), known_at="2020-02-01")["status"] == "loaded"
    held = deliver(lake, "economy.gdp_provincial", "b.csv", gdp(range(2020, 2021), factor=10_000), known_at="2021-02-01")
    assert (held["status"], codes(held)) == ("held", ["HISTORY.UNIT_DRIFT"])
    assert held["findings"][0]["field"] == "value"
    assert "times" in held["findings"][0]["example"]


def test_a_revision_in_another_unit_is_held_and_an_honest_one_is_not(lake):
    deliver(lake, "economy.gdp_provincial", "a.csv", gdp(range(2010, 2020)), known_at="2020-02-01")
    assert codes(deliver(lake, "economy.gdp_provincial", "b.csv", gdp(range(2010, 2020), factor=10), known_at="2021-02-01")) == ["HISTORY.UNIT_DRIFT"]
    assert deliver(lake, "economy.gdp_provincial", "c.csv", gdp(range(2010, 2020), factor=0.93), known_at="2021-03-01")["status"] == "loaded"


def test_a_copy_of_the_month_before_under_a_new_month_is_held(lake):
    deliver(lake, "economy.house_price", "1.csv", month(1))
    copied = month(1).replace(",2030,1,", ",2030,2,")
    assert codes(deliver(lake, "economy.house_price", "2.csv", copied)) == ["HISTORY.STALE_COPY"]
    assert deliver(lake, "economy.house_price", "3.csv", month(2))["status"] == "loaded"


def test_ten_times_and_a_tenth_of_the_usual_rows_are_held(lake):
    for number in range(1, 5):
        assert deliver(lake, "economy.house_price", f"{number}.csv", month(number))["status"] == "loaded"
    assert codes(deliver(lake, "economy.house_price", "big.csv", month(5, cities=120))) == ["HISTORY.VOLUME"]
    assert codes(deliver(lake, "economy.house_price", "small.csv", month(5, cities=1))) == ["HISTORY.VOLUME"]
    assert deliver(lake, "economy.house_price", "usual.csv", month(5, cities=11))["status"] == "loaded"


def test_a_known_name_with_other_bytes_is_held_unless_its_manifest_says_why(lake):
    deliver(lake, "economy.house_price", "january.csv", month(1))
    assert codes(deliver(lake, "economy.house_price", "january.csv", month(1, cities=9))) == ["HISTORY.SAME_NAME"]
    assert deliver(lake, "economy.house_price", "january.csv", month(1, cities=8), note="two cities withdrawn")["status"] == "loaded"


def test_an_hour_above_the_maximum_of_its_day_holds_the_delivery(lake):
    source = next((CHECKOUT / "infra/demo/data/environment/air_quality").glob("*.json"))
    stations = json.loads(source.read_text())
    stations["features"][0]["properties"] |= {"o3_24h": "300", "o3": "90"}  # the department swaps the two
    outcome = deliver(lake, "environment.air_quality", source.name, json.dumps(stations, ensure_ascii=False))
    assert (outcome["status"], codes(outcome)) == ("held", ["HOUR-NOT-ABOVE-DAY-MAXIMUM"])


def test_nothing_of_a_held_delivery_is_committed_until_a_steward_accepts_it(lake):
    feed, judged = load_feed("economy.house_price"), lake.lake / "judged" / "economy__house_price"
    deliver(lake, feed.id, "1.csv", month(1))
    version = delta.version(judged)
    held = deliver(lake, feed.id, "2.csv", month(1).replace(",2030,1,", ",2030,2,"))
    assert delta.version(judged) == version
    assert [d.delivery_id for d, _ in landing.held(lake)] == [held["delivery_id"]]

    landing.accept(lake, held["delivery_id"], "steward", "prices were frozen by decree")
    (result,) = flow.ingest(lake, feed, landing.pending(lake, feed.id))
    assert (result.outcome["status"], result.outcome["rows_loaded"]) == ("loaded", 20)
    assert landing.outcome(landing.delivery_folder(lake, feed.id, held["delivery_id"]))["accepted"]["because"] == "prices were frozen by decree"


def test_a_rejected_delivery_is_refused_with_name_and_reason(lake):
    deliver(lake, "economy.house_price", "1.csv", month(1))
    held = deliver(lake, "economy.house_price", "2.csv", month(1).replace(",2030,1,", ",2030,2,"))
    landing.reject(lake, held["delivery_id"], "steward", "a copy of January")
    outcome = landing.outcome(landing.delivery_folder(lake, "economy.house_price", held["delivery_id"]))
    assert (outcome["status"], outcome["refusal"]["code"]) == ("refused", "REJECTED_BY_STEWARD")
    assert "a copy of January" in outcome["refusal"]["detail"]
    assert landing.held(lake) == []


def test_the_published_series_raise_no_alarm(lake):
    """The figures of the house, delivered in the order of their publication: 0 held of all."""
    sent = sorted((CHECKOUT / "infra/demo/data/economy").rglob("*.manifest.json"), key=lambda p: json.loads(p.read_text()).get("sequence", 0))
    for manifest in sent:
        path = Path(str(manifest).removesuffix(".manifest.json"))
        feed = load_feed(f"economy.{path.parent.name}")
        delivery, _ = landing.receive(lake, feed, path, manifest)
        (result,) = flow.ingest(lake, feed, [delivery])
        assert result.outcome["status"] == "loaded", result.outcome
    assert sent
