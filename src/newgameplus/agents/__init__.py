"""Minds: one folder per agent, the same file names in each."""
