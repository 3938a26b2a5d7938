"""Zone experts: a classifier that tells zones apart, and a learner for each zone."""
