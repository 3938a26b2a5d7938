"""Work in other processes, isolated from crashes and parallel over all CPU cores."""
