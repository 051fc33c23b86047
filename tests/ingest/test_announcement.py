"""Airflow asks each minute what waits: it is told once, and again only when the news may have been lost."""

from expectations.contract import load_feed
from spark_jobs.ingest import landing
from spark_jobs.settings import Settings


def test_waiting_deliveries_are_announced_once_and_again_when_the_news_was_lost(tmp_path, monkeypatch):
    lake = Settings(home=tmp_path, environments=tmp_path, port=9)
    path = lake.home / "january.csv"
    path.write_text("city,year,month,new_home_price_index\nNanning,2030,1,100.1\n")
    delivery, _ = landing.receive(lake, load_feed("economy.house_price"), path)
    assert landing.to_announce(lake, landing.pending(lake)) == [delivery]
    assert landing.to_announce(lake, landing.pending(lake)) == []
    monkeypatch.setattr(landing, "ANNOUNCE_AGAIN", -1)
    assert landing.to_announce(lake, landing.pending(lake)) == [delivery]
