"""What learners remember: rollouts, replay buffers, priorities, and rewards as they are learned from."""
