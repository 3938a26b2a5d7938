"""Compiled kernels for operations of networks, in the precision that suits the CPU; table.py registers them."""
