"""Interactive play in a window: input, picture, sound and overlay."""
