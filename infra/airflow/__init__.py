"""How Airflow is run here: settings, start, and who may do what in it."""
