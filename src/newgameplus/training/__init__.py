"""Training: the loop in which agents play in worlds, runs and checkpoints."""
