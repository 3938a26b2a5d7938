"""Random agent: presses random buttons, the baseline that every other agent is compared with."""
