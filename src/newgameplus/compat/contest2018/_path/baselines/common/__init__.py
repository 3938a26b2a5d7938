"""What the algorithms of OpenAI Baselines share."""
