"""Lineage: OpenLineage events of what was done, held against the classes that OpenLineage generates from its published schema."""

