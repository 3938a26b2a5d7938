"""Open games made for New Game Plus, one folder each, and what they share: building, searching and proving levels."""
