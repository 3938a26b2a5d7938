"""The pictures of the zones, one module each."""
