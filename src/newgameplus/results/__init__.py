"""Folders of evaluations and of training runs, read and written in one place, without torch."""
