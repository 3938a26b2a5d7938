"""Train PPO of Stable-Baselines3 on eight consoles with Airstriker.

Needs stable-baselines3: pip install stable-baselines3

Run: python examples/train_with_sb3.py [--timesteps 20000]
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

from newgameplus import find_level, make_vector
from newgameplus.envs.stable_baselines import StableBaselinesVecEnv
from newgameplus.types import SONIC_8, WARPED


def main() -> int:
    """Train, and say what the last episodes returned."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timesteps", type=int, default=20_000, help="agent steps of all rows (default: 20000)")
    timesteps = parser.parse_args().timesteps
    levels = [find_level("Airstriker-Genesis-v0/Level1")] * 8
    world = VecMonitor(StableBaselinesVecEnv(make_vector(levels, observation_spec=WARPED, action_spec=SONIC_8)))
    model = PPO("CnnPolicy", world, n_steps=64, batch_size=128, n_epochs=2, seed=0, verbose=1)
    model.learn(timesteps)
    returns = [episode["r"] for episode in model.ep_info_buffer or ()]
    print(f"{len(returns)} episodes ended; their mean return is {sum(returns) / max(1, len(returns)):.1f}.")
    world.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
