"""Statistical disclosure control: nothing about a single person or enterprise leaves with a table that leaves.

door         protect(): what leaves to which reader, with the report; the only entry of the export, the share and the catalogue
rules        what infra/disclosure.yaml says of each table
structure    hierarchies, cells and the equations that tie them
sensitivity  primary suppression: threshold, p %, dominance and pq rule, protection levels
suppression  secondary suppression: a pattern of least information lost that an attacker cannot undo
rounding     controlled rounding, the alternative for counts
microdata    k-anonymity and l-diversity
published    what earlier releases told
audit        the attacker: knows only what is published; with bounds it shares no code with the rest
attacker, cuts, deviations   parts of the search; linking, tables, report   between the door and the algorithms

Words as in Hundepool et al., "Statistical Disclosure Control", Wiley 2012, tau-ARGUS and sdcTable: a cell is *sensitive* (primary) or *safe*; safe cells
that are suppressed to shield others are *secondary* (complementary); *protection level*: how far from the truth an attacker's bound must stay.
"""

import hashlib

from spark_jobs.settings import CHECKOUT

FILE = CHECKOUT / "infra" / "disclosure.yaml"


def digest() -> str:
    """Hash of what infra/disclosure.yaml says: whatever was made under other rules is not handed out."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()
