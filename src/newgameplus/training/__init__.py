"""Where agents and worlds meet: the one loop, and checkpoints."""
