"""A person, judged like an agent: the one who presses."""
