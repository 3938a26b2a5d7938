"""The game as Gymnasium environments."""
