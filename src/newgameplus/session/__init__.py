"""A game that can go back: its episode so far, what rewinding needs, and its movie; no window and no browser."""
