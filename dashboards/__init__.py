"""Dashboards as code: one readable YAML a dashboard → Superset.

`python -m dashboards.check` holds every field and word against the dbt models (no service needed).
`python -m dashboards.load` brings Superset's own database, roles, logins and these dashboards up to date (Superset's python).
"""
