"""Zone experts: a classifier of zones, and a learner for each zone."""
