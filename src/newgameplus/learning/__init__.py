"""The mathematics of learning: pure functions of tensors, without modules, state or input and output."""
