"""Wrappers around the environments, each doing one thing."""
