"""JERK, Just Enough Retained Knowledge: run and jump at random, remember the buttons that paid, press them again."""
