"""Compiled kernels for operations of networks, in bfloat16, on CPUs that support it; table.py registers them."""
