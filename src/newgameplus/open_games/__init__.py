"""Open games made for New Game Plus, one folder each, beside what they share: making, searching and proving levels."""
