"""analyse: the statistics that SQL cannot say, one file a method. Pure functions over pandas; who calls them reads and writes."""
