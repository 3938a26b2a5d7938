"""The networks' parts: encoders of pictures, heads, noisy layers, and how they are run fast on this device."""
