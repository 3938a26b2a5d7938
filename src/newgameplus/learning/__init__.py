"""The mathematics of learning: pure functions of tensors, without modules, state or I/O."""
