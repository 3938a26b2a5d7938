"""Random: presses buttons by chance, the floor that every other agent is measured against."""
