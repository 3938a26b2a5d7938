"""Rainbow: deep Q-learning with six improvements."""
