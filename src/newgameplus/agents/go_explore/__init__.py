"""Go-Explore: remember the cells that were reached, return to one by a snapshot, explore from there."""
