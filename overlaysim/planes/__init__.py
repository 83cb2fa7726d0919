"""Bulk traffic on two data planes, event by event and in arrays, that give the very same result."""
