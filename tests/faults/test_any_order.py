"""Deliveries in any order, repeated: the same silver, by digest. `make faults` runs all schedules, `make test` some."""

import os
import shutil

import pytest

from spark_jobs.settings import Settings
from tests.faults.schedules import digest_of, shuffled, stories

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

SCHEDULES = int(os.environ.get("GUIHU_SCHEDULES", "40"))  # of the four kinds together


@pytest.mark.timeout(3600)
def test_no_order_of_arrival_changes_what_silver_holds(tmp_path, division_lake):
    def lake(home, story) -> Settings:
        if story.feed != "reference.division":
            shutil.copytree(division_lake.lake, home / "lake")
        return Settings(home=home, environments=home, port=9)

    every = stories(tmp_path / "sent")
    straight = {story.feed: digest_of(lake(tmp_path / "straight" / story.feed, story), story, list(range(len(story.files)))) for story in every}
    tried = {story.feed: set() for story in every}
    for number in range(SCHEDULES):
        story = every[number % len(every)]
        order = shuffled(story, number)
        tried[story.feed].add(tuple(order))
        assert digest_of(lake(tmp_path / str(number), story), story, order) == straight[story.feed], (story.feed, order)
        shutil.rmtree(tmp_path / str(number))
    print(f"schedules with the same silver: {SCHEDULES} of {SCHEDULES}, distinct orders: " + ", ".join(f"{feed} {len(orders)}" for feed, orders in tried.items()))

