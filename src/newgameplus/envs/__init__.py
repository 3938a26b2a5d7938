"""Games as Gymnasium environments; importing this module registers an id for every game on this machine."""

from newgameplus.envs.registration import register_environments

register_environments()
