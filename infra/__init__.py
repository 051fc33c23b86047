"""What the lake needs around it: environments, the engine, the supervisor, Superset, the demonstration."""
