"""A person plays a level in a window: buttons, picture, sound, and what is drawn over them."""
