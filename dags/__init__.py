"""When things happen. Airflow decides when, never how: every task is one `guihu` command."""
