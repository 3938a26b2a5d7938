"""Keeper: explore like JERK, and go on at every step as the most successful of all similar moments did."""
