"""The brute: a tree of action sequences from the start, of which the best is taken again with small changes."""
