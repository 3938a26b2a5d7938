"""Environment wrappers, each changing one thing."""
