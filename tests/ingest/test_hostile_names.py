"""Names from outside pass an allow-list before anything is looked for on disk (F20)."""

import pytest

from expectations.contract import load_feed
from expectations.feed import ContractError

NAMES = [
    "../../etc.passwd", "economy.../x", "economy.gdp; drop table x", "economy.gdp\nx", "economy.gdp\0", "economy." + "a" * 300, "CON", "CON.NUL", "еconomy.house_price",
    "economy.house_priсe", "Economy.House_Price", "economy/house_price", "economy\\house_price", ".economy", "economy.", "", "economy.house_price.yaml", "_contracts.formats",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_name_that_is_no_name_finds_nothing(name):
    with pytest.raises(ContractError):
        load_feed(name)
