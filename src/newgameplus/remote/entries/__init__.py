"""Entries: what a competitor submits, a folder or a zip with an ``entry.toml`` that says how it is started."""
