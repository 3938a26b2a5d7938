"""A ceiling, not a competitor: the steps by which a level was proven, pressed again."""
