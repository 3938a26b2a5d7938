"""Agent steps per second of whole learners, playing and learning, beside Stable-Baselines3's.

Airstriker with the contest's preprocessing and seven actions. PPO: Nature network, 8 consoles, 128 steps, 4 epochs,
batches of 256. Rainbow beside QR-DQN of sb3-contrib: one console, batches of 32, a gradient step for every fourth step
and for every step, replay buffers filled to 2,000 transitions before the first turn. Ours plays on picodrive, its peers
on stable-retro's core, which is the only one that stable-retro has.

Run: python -m benchmarks.speed.learners [--rounds 5]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import gymnasium as gym

from benchmarks.peers import STACK, Env, make_env
from benchmarks.play import AIRSTRIKER, PICODRIVE, Play, picodrive_level
from benchmarks.turns import Ratio, Side, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import Level, find_level
from newgameplus.training.loop import play as turns_of
from newgameplus.types import SONIC_7, Array

NUM_THREADS = 2
NUM_ENVS, NUM_STEPS, NUM_EPOCHS, BATCH_SIZE = 8, 128, 4, 256
PPO_TURN = 2 * NUM_ENVS * NUM_STEPS
"""Agent steps of a turn of PPO: two rollouts."""
FILLED, CAPACITY, REPLAY_BATCH = 2000, 20_000, 32
REPLAY_TURN = 400
"""Agent steps of a turn of Rainbow and QR-DQN."""


class Numbered(gym.ActionWrapper[Array, Any, Any]):
    """Stable-retro's environment with the seven combinations as numbers."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        buttons = tuple(env.unwrapped.buttons)  # type: ignore[attr-defined]  # stable-retro's
        self._held = [[int(button in combo) for button in buttons] for combo in SONIC_7.combos]
        self.action_space = gym.spaces.Discrete(len(self._held))

    def action(self, action: Any) -> Any:
        """Return the buttons of a number."""
        return self._held[int(action)]


def peer_world(play: Play) -> Any:
    """Stable-Baselines3's vector environment over stable-retro's, a process per console."""
    vec_env = importlib.import_module("stable_baselines3.common.vec_env")
    makers = [partial(_numbered, play)] * play.num_envs
    return vec_env.VecFrameStack(vec_env.SubprocVecEnv(makers, start_method="fork"), STACK)


def _numbered(play: Play) -> Env:
    return Numbered(make_env(play, (1,)))


def set_threads() -> None:
    """Let torch use as many threads as every side may."""
    importlib.import_module("torch").set_num_threads(NUM_THREADS)


def ours(level: Level, agent_class: Any, config: Any, num_envs: int, num_steps: int, first: int) -> Callable[[], None]:
    """One of our agents as a side; ``first`` steps are played before the first turn."""
    set_threads()
    observation_spec, action_spec = agent_class.specs(config)
    world = RetroVecEnv(
        [level] * num_envs, observation_spec=observation_spec, action_spec=action_spec, num_threads=NUM_THREADS
    )
    agent = agent_class(config, world_spec(world), 0)
    turns = turns_of(agent, world, seed=0)
    for _ in itertools.islice(turns, first // num_envs):
        pass

    def run() -> None:
        for _ in itertools.islice(turns, num_steps // num_envs):
            pass

    return run


def their_ppo(play: Play) -> Callable[[], None]:
    """Stable-Baselines3's PPO as a side."""
    os.environ["OMP_NUM_THREADS"] = "1"
    world = peer_world(play)
    set_threads()
    ppo = importlib.import_module("stable_baselines3").PPO
    model = ppo("CnnPolicy", world, n_steps=NUM_STEPS, n_epochs=NUM_EPOCHS, batch_size=BATCH_SIZE, device="cpu", seed=0)
    model.learn(NUM_ENVS * NUM_STEPS)
    return partial(_learn, model, PPO_TURN)


def their_qr_dqn(play: Play, interval: int) -> Callable[[], None]:
    """QR-DQN of sb3-contrib as a side."""
    world = peer_world(replace(play, num_envs=1))
    set_threads()
    qr_dqn = importlib.import_module("sb3_contrib").QRDQN
    model = qr_dqn(
        "CnnPolicy", world, buffer_size=CAPACITY, learning_starts=FILLED, batch_size=REPLAY_BATCH, train_freq=interval,
        gradient_steps=1, device="cpu", seed=0,
    )  # fmt: skip
    model.learn(FILLED)
    return partial(_learn, model, REPLAY_TURN)


def _learn(model: Any, num_steps: int) -> None:
    model.learn(num_steps, reset_num_timesteps=False)


def sides_of(fast: Level, play: Play) -> dict[str, Side]:
    """Every side by name."""
    ppo = PpoConfig(num_steps=NUM_STEPS, num_epochs=NUM_EPOCHS, batch_size=BATCH_SIZE, device="cpu")
    rainbow = RainbowConfig(capacity=CAPACITY, min_transitions=FILLED, batch_size=REPLAY_BATCH, device="cpu")
    sides: dict[str, Side] = {
        "PPO, ours": partial(ours, fast, Ppo, ppo, NUM_ENVS, PPO_TURN, NUM_ENVS * NUM_STEPS),
        "PPO, Stable-Baselines3": partial(their_ppo, play),
    }
    for interval in (4, 1):
        config = replace(rainbow, train_interval=interval)
        sides[f"Rainbow, every {interval}, ours"] = partial(ours, fast, Rainbow, config, 1, REPLAY_TURN, FILLED)
        sides[f"QR-DQN, every {interval}, sb3-contrib"] = partial(their_qr_dqn, play, interval)
    return sides


PAIRS = (
    ("PPO, ours", "PPO, Stable-Baselines3", 5.0),
    ("Rainbow, every 4, ours", "QR-DQN, every 4, sb3-contrib", 3.0),
    ("Rainbow, every 1, ours", "QR-DQN, every 1, sb3-contrib", 3.0),
)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let all sides take turns, pair by pair, and describe what came out."""
    level = find_level(AIRSTRIKER)
    play = Play(level, NUM_ENVS, PPO_TURN)
    sides = sides_of(picodrive_level(), play)
    figures: dict[str, Any] = {}
    compared: list[dict[str, Any]] = []
    seconds = []
    for mine, theirs, target in PAIRS:
        rounds = list(take_turns({name: sides[name] for name in (mine, theirs)}, arguments.rounds))
        figures |= speeds(rounds, PPO_TURN if mine.startswith("PPO") else REPLAY_TURN)
        compared += ratios(rounds, [Ratio(mine, theirs, target)])
        seconds += raw(rounds)
    return {
        "figure": "learners",
        "what": f"Agent steps per second, playing and learning, Airstriker, {NUM_THREADS} threads",
        "unit": "agent steps per second",
        "core": PICODRIVE,
        "num_rounds": arguments.rounds,
        "sides": figures,
        "ratios": compared,
        "seconds": seconds,
    }


def main() -> None:
    """Measure, print and store."""
    arguments = parser(__doc__, num_rounds=5).parse_args()
    for package in ("stable_baselines3", "sb3_contrib"):
        if importlib.util.find_spec(package) is None:
            sys.exit(f"{package} is missing; install the peers with: pip install 'newgameplus[bench]'")
    publish(measure(arguments), arguments.results, ("stable-baselines3", "sb3-contrib", "torch"))


if __name__ == "__main__":
    main()
