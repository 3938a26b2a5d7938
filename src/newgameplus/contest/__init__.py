"""The rules, the evaluation and the scores."""
