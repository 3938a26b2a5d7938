"""World models: a network that sees, one that foresees, and a linear controller that is evolved in the dream."""
