"""DQN: deep Q-learning with a replay buffer and a target network, on edges as a write-up of 2018 tried it."""
