"""The researchers' door: one dataset of a release as a folder that explains, cites and proves itself. `run.py` is the way on one screen."""
