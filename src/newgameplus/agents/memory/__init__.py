"""The hybrid of a pre-trained policy, JERK's exploration and an episodic memory."""
