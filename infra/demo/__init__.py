"""Demonstration deliveries: real published files with their sources, and synthetic departments."""
