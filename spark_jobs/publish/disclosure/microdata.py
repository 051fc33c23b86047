"""Microdata: a row tells of one unit. It leaves when every combination of quasi-identifiers is shared by k rows and holds l different sensitive values.

k-anonymity: Sweeney 2002. l-diversity, distinct values: Machanavajjhala et al. 2007. Both measured by pycanon (Sáinz-Pardo and López García, Scientific Data 2022).
"""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Anonymity:
    """What was measured. `rows_at_risk`: rows in combinations of fewer than k rows."""

    rows: int
    combinations: int
    k: int
    l: int  # noqa: E741 - the name of the measure
    rows_at_risk: int
    combinations_at_risk: int
    rows_without_diversity: int

    def shortcomings(self, k: int, l: int) -> list[str]:  # noqa: E741
        """Why these rows do not leave, in words; empty where they may."""
        found = []
        if self.k < k:
            found.append(
                f"k-anonymity is {self.k}, asked for is {k}: {self.rows_at_risk} of {self.rows} rows stand in {self.combinations_at_risk} of {self.combinations} combinations that too few share"
            )
        if self.l < l:
            found.append(
                f"l-diversity is {self.l}, asked for is {l}: {self.rows_without_diversity} of {self.rows} rows stand in combinations with too few different sensitive values"
            )
        return found


def measure(frame: pd.DataFrame, quasi_identifiers: list[str], sensitive: list[str], k: int, l: int) -> Anonymity:  # noqa: E741
    """Measure rows as they would leave. An empty value is a value like any other (pycanon would leave such rows out). ValueError where there are no rows."""
    from pycanon import anonymity

    if frame.empty:
        raise ValueError("there are no rows to measure")
    text = frame[[*quasi_identifiers, *sensitive]].astype("string").fillna("∅").astype(object).reset_index(drop=True)
    groups = text.groupby(quasi_identifiers, sort=False)
    size = groups[quasi_identifiers[0]].transform("size")
    diversity = groups[sensitive].transform("nunique").min(axis=1)
    return Anonymity(
        rows=len(text),
        combinations=groups.ngroups,
        k=int(anonymity.k_anonymity(text, quasi_identifiers)),
        l=int(anonymity.l_diversity(text, quasi_identifiers, sensitive)),
        rows_at_risk=int((size < k).sum()),
        combinations_at_risk=int((groups.size() < k).sum()),
        rows_without_diversity=int((diversity < l).sum()),
    )
