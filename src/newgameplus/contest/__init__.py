"""Rules, evaluation and scores."""
