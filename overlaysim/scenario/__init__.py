"""Scenarios: files that describe a world and what happens in it, and their runs."""
