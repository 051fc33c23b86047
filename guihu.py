"""import guihu: the lake in a notebook. Start it in the checkout (or put the checkout on PYTHONPATH), with the Python of .guihu/env/lake.

import guihu
guihu.list_datasets()
guihu.read("mart_macro__monitor", as_of="2024-07-20", to="pandas")
"""

from spark_jobs.publish.reading import list_datasets, read

__all__ = ["list_datasets", "read"]
