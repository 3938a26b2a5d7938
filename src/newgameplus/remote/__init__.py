"""An environment in another process: anybody's agent plays it through a socket, isolated, under limits."""
