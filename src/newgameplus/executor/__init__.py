"""Work in other processes: what crashes there crashes alone, and cores may be used by all."""
