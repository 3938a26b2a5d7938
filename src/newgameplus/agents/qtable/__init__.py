"""Tabular Q: values by the hash of a screen, as a write-up of 2018 began, and what mends it."""
