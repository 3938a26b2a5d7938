"""The game as Gymnasium environments; importing this gives every game on the machine its Gymnasium id."""

from newgameplus.envs.registration import register_environments

register_environments()
