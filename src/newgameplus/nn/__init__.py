"""Parts of networks: encoders, heads, noisy layers, and what runs them fast on this device."""
