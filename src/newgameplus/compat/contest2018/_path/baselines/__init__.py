"""The parts of OpenAI Baselines of 2018 that need no TensorFlow."""
