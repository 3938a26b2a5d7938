"""The rules, the evaluation, the scores and the report."""
