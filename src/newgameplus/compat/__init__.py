"""Other projects' interfaces over this package, so that their users' scripts run with another import."""
