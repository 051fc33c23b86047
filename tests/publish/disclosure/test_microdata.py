"""Microdata: measured by pycanon, refused with the figure that is missing."""

import numpy as np
import pandas as pd
import pytest

from spark_jobs.publish.disclosure.microdata import measure

# Machanavajjhala et al., "l-diversity", TKDD 1(1), 2007, figures 1 to 3: twelve inpatients, 4-anonymous; the third class holds cancer alone
INPATIENTS = pd.DataFrame(
    [("130**", "<30", "heart"), ("130**", "<30", "heart"), ("130**", "<30", "viral"), ("130**", "<30", "viral"),
     ("1485*", ">=40", "cancer"), ("1485*", ">=40", "heart"), ("1485*", ">=40", "viral"), ("1485*", ">=40", "viral"),
     ("130**", "3*", "cancer"), ("130**", "3*", "cancer"), ("130**", "3*", "cancer"), ("130**", "3*", "cancer")],
    columns=["zip", "age", "condition"],
)  # fmt: skip
QUASI, SENSITIVE = ["zip", "age"], ["condition"]


def test_the_inpatients_are_4_anonymous_and_not_2_diverse():
    found = measure(INPATIENTS, QUASI, SENSITIVE, k=4, l=2)
    assert (found.k, found.l, found.rows, found.combinations) == (4, 1, 12, 3)
    assert found.shortcomings(4, 1) == []
    (reason,) = found.shortcomings(4, 2)
    assert "l-diversity is 1, asked for is 2: 4 of 12 rows" in reason


def test_k_of_five_refuses_them_with_the_figures():
    found = measure(INPATIENTS, QUASI, SENSITIVE, k=5, l=2)
    assert "k-anonymity is 4, asked for is 5: 12 of 12 rows stand in 3 of 3 combinations" in found.shortcomings(5, 2)[0]


def test_an_empty_value_does_not_take_a_row_out_of_the_count():
    """pycanon groups with pandas, which leaves out rows whose key is empty: eleven rows of class a and one of nobody would be 11-anonymous."""
    frame = pd.DataFrame({"town": ["a"] * 11 + [None], "sex": ["m"] * 12, "fine": range(12)})
    found = measure(frame, ["town", "sex"], ["fine"], k=5, l=2)
    assert (found.k, found.rows_at_risk, found.combinations_at_risk) == (1, 1, 1)


def test_one_unique_person_among_ten_thousand_is_found():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"town": random.integers(0, 10, 10_000), "age": random.integers(0, 10, 10_000), "wage": random.integers(0, 99, 10_000)})
    assert measure(frame, ["town", "age"], ["wage"], 5, 2).shortcomings(5, 2) == []
    frame.loc[77, "town"] = 99
    assert "1 of 10000 rows" in measure(frame, ["town", "age"], ["wage"], 5, 2).shortcomings(5, 2)[0]


def test_no_rows_are_no_proof():
    with pytest.raises(ValueError, match="no rows"):
        measure(INPATIENTS.iloc[:0], QUASI, SENSITIVE, 5, 2)
