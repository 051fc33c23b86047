"""Keeping the lake sound."""
