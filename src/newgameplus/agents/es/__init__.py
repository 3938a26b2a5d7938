"""Evolution strategies over the parameters of a policy."""
