"""Operations of networks by compiled kernels, in bfloat16, on processors that multiply it; table.py lists them."""
