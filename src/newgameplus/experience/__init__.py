"""Storage of experience: rollouts, replay buffers, priorities, and reward shaping."""
