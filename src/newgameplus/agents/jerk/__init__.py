"""JERK, Just Enough Retained Knowledge: run and jump at random, and repeat the buttons that scored best."""
