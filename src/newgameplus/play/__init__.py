"""A person plays a level: a session that can go back, its movie, and the window around it."""
