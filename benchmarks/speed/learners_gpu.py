"""PPO beside the engine alone, and Rainbow's gradient steps, on a GPU: how much of the machine learning costs.

First it checks that what is replayed on the device computes what is computed step by step, and that what comes out is
finite. Then take turns: the engine with 64 consoles and random actions, and PPO that plays and learns on as many, with
the same pictures (84 × 84 × 4) and the same threads; and Rainbow's whole update at batches of 32, from the draw out of
a replay buffer of 100,000 transitions to the priorities written back, with the Nature network and 51 atoms.

Wanted: PPO at 80 % of the engine's steps per second at least; 3,000 of Rainbow's updates per second at least.

Run: python -m benchmarks.speed.learners_gpu [--rounds 5] [--device cuda] [--game tumbleweed] [--pairs ppo rainbow]
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.play import PICODRIVE, picodrive_level
from benchmarks.turns import Ratio, Side, parse, parser, publish, ratios, raw, run_once, speeds, take_turns
from newgameplus.agents.batch_updates import PlainUpdate as PlainLearning
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.ppo.update import PlainUpdate
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import CONTEST_2018, RainbowConfig
from newgameplus.emulator.cores import console_named
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.world import world_spec
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import Level, find_level
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.training.loop import play as turns_of
from newgameplus.types import SONIC_7, WARPED, Array, Step, WorldSpec

COMBOS = resolved(SONIC_7, console_named("Genesis")).combos
SHAPE = (84, 84, 4)
LEAST_SHARE, LEAST_UPDATES = 0.8, 3000.0
LARGEST_ERROR = 0.1
"""Relative difference between a replayed and a plain update; Adam's first step divides by gradients near 0, too."""


def levels(game: str, num_envs: int) -> list[Level]:
    """Return what each console plays: every zone's first act in turn, or Airstriker."""
    if game == "airstriker":
        return [picodrive_level()] * num_envs
    acts = [find_level(f"{TUMBLEWEED.name}/{zone}.Act1") for zone in ZONE_NAMES]
    return list(itertools.islice(itertools.cycle(acts), num_envs))


def make_world(arguments: argparse.Namespace) -> RetroVecEnv:
    """The consoles of a side."""
    return RetroVecEnv(
        levels(arguments.game, arguments.envs),
        observation_spec=WARPED,
        action_spec=SONIC_7,
        num_threads=arguments.threads,
        core=PICODRIVE if arguments.game == "tumbleweed" else None,
    )


def engine_alone(arguments: argparse.Namespace, num_steps: int) -> Callable[[], None]:
    """The engine with random actions as a side."""
    world = make_world(arguments)
    random = np.random.default_rng(0)
    actions = random.integers(0, len(COMBOS), (num_steps // arguments.envs, arguments.envs))
    world.reset(seed=0)

    def run() -> None:
        for action in actions:
            world.step(action)

    return run


def ppo_config(arguments: argparse.Namespace) -> PpoConfig:
    """PPO as the arguments want it."""
    return PpoConfig(
        rollout_steps=arguments.rollout_steps,
        num_epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        device=arguments.device,
        precision=arguments.precision,
    )


def playing_ppo(arguments: argparse.Namespace, num_steps: int) -> Callable[[], dict[str, float]]:
    """PPO that plays and learns as a side; answers with its figures and the peak of the device's memory."""
    world, config = make_world(arguments), ppo_config(arguments)
    agent = Ppo(config, world_spec(world), 0)
    turns = turns_of(agent, world, seed=0)
    for _ in itertools.islice(turns, config.rollout_steps):
        pass

    def run() -> dict[str, float]:
        for _ in itertools.islice(turns, num_steps // arguments.envs):
            pass
        return agent.metrics() | peak_memory()

    return run


def learning_rainbow(config: RainbowConfig, num_filled: int, num_updates: int) -> Callable[[], dict[str, float]]:
    """Rainbow's updates alone as a side; answers with its figures and the peak of the device's memory."""
    agent = filled_rainbow(config, num_filled)
    for _ in range(5):
        agent._learn()

    def run() -> dict[str, float]:
        for _ in range(num_updates):
            agent._learn()
        agent._settle()
        return agent.metrics() | peak_memory()

    return run


def filled_rainbow(config: RainbowConfig, num_filled: int) -> Rainbow:
    """Rainbow whose replay buffer holds noise, in episodes that end."""
    agent, random = Rainbow(config, WorldSpec(1, (), SHAPE, (), len(COMBOS)), 0), np.random.default_rng(0)
    pictures = random.integers(0, 256, (256, 1, *SHAPE), np.uint8)
    actions = random.integers(0, len(COMBOS), (num_filled, 1))
    rewards = random.normal(0, 5, (num_filled, 1))
    never = np.zeros(1, np.bool_)
    for index in range(num_filled):
        is_over = np.array([index % 500 == 499])
        seen: Array = pictures[index % len(pictures)]
        agent.remember(seen, actions[index], Step(seen, rewards[index], is_over, never), [0])
    return agent


def peak_memory() -> dict[str, float]:
    """The most of the device's memory that tensors have taken, and graphs and caches with them."""
    if not torch.cuda.is_available():
        return {}
    return {
        "GB of tensors": torch.cuda.max_memory_allocated() / 1e9,
        "GB reserved": torch.cuda.max_memory_reserved() / 1e9,
    }


def check(arguments: argparse.Namespace) -> Callable[[], dict[str, float]]:
    """A side that compares replayed with plain updates and answers with relative errors."""
    return lambda: {"PPO": ppo_error(arguments), **rainbow_errors(arguments)}


def ppo_error(arguments: argparse.Namespace) -> float:
    """How far the weights' change in a replayed update is from that in a plain one, on made-up play."""
    config = replace(ppo_config(arguments), rollout_steps=8, num_epochs=1, batch_size=256)
    moved = []
    for is_plain in (False, True):
        agent = Ppo(config, WorldSpec(32, (), SHAPE, (), 7), 0)
        if is_plain:
            agent._begun_update = PlainUpdate(config, agent._learner)
        before = flat(agent.network)
        random, never = np.random.default_rng(1), np.zeros(32, np.bool_)
        seen = random.integers(0, 256, (9, 32, *SHAPE), np.uint8)
        for now in range(8):
            agent.act(seen[now])
            # The same in both, whatever was drawn in which order.
            agent._rollout.action[now] = random.integers(0, 7, 32)
            agent.observe(Step(seen[now + 1], random.normal(0, 50, 32), never, never))
        if not all(np.isfinite(figure) for figure in agent.metrics().values()):
            sys.exit(f"A figure of PPO is no number: {agent.metrics()}")
        moved.append(flat(agent.network) - before)
    return relative_error(*moved)


def rainbow_errors(arguments: argparse.Namespace) -> dict[str, float]:
    """How far errors and the weights' change in a replayed update are from those in a plain one, without noise."""
    config = rainbow_config(arguments, 4000)
    found = []
    for is_plain in (False, True):
        agent = filled_rainbow(replace(config, noisy_sigma=0.0), 2000)
        if is_plain:
            agent._begun_update = PlainLearning(agent._q_learner, agent._replay)
        before, priorities = flat(agent.network), agent._replay.state()["priorities"]
        agent._learn()
        agent._settle()
        moved = flat(agent.network) - before
        found.append((moved, agent._replay.state()["priorities"] - priorities))
        if not found[-1][1].any() or not all(np.isfinite(figure) for figure in agent.metrics().values()):
            sys.exit(f"No priority has changed, or a figure is no number: {agent.metrics()}")
    (moved, changed), (plainly_moved, plainly_changed) = found
    return {
        "Rainbow, weights": relative_error(moved, plainly_moved),
        "Rainbow, priorities": relative_error(changed, plainly_changed),
    }


def flat(network: torch.nn.Module) -> Array:
    """All weights of a network one after the other, float64."""
    return np.concatenate([weight.detach().cpu().double().numpy().ravel() for weight in network.parameters()])


def relative_error(found: Array, expected: Array) -> float:
    """The length of the difference, over that of what is expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def rainbow_config(arguments: argparse.Namespace, capacity: int) -> RainbowConfig:
    """The contest's Rainbow: Nature network, 512 hidden units, 51 atoms, batches of 32."""
    return replace(CONTEST_2018, capacity=capacity, device=arguments.device, precision=arguments.precision)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let the sides take turns and describe what came out."""
    figures: dict[str, Any] = {}
    compared: list[dict[str, Any]] = []
    seconds, told = [], {}
    if "ppo" in arguments.pairs:
        num_steps = arguments.steps or 2 * arguments.rollout_steps * arguments.envs
        ours, alone = f"PPO, {arguments.envs} consoles", f"engine alone, {arguments.envs} consoles"
        sides: dict[str, Side] = {
            alone: partial(engine_alone, arguments, num_steps),
            ours: partial(playing_ppo, arguments, num_steps),
        }
        rounds = list(take_turns(sides, arguments.rounds))
        figures |= speeds(rounds, num_steps)
        compared += ratios(rounds, [Ratio(ours, alone, LEAST_SHARE)])
        seconds += raw(rounds)
        told[ours] = rounds[-1][ours].answer
    if "rainbow" in arguments.pairs:
        name = "Rainbow, updates"
        config = rainbow_config(arguments, max(1000, 5 * arguments.filled // 4))
        side = partial(learning_rainbow, config, arguments.filled, arguments.updates)
        rounds = list(take_turns({name: side}, arguments.rounds))
        figures |= speeds(rounds, arguments.updates, {name: LEAST_UPDATES})
        seconds += raw(rounds)
        told[name] = rounds[-1][name].answer
    return {"sides": figures, "ratios": compared, "seconds": seconds, "told": told}


def checked(arguments: argparse.Namespace) -> dict[str, float]:
    """Print and return how far replayed updates are from plain ones; end here if that is too far."""
    errors: dict[str, float] = run_once(partial(check, arguments))
    for name, error in errors.items():
        print(f"relative error of a replayed update, {name}: {error:.2e}", flush=True)
    if not max(errors.values()) < LARGEST_ERROR:
        sys.exit(f"A replayed update differs by more than {LARGEST_ERROR:g} from a plain one.")
    return errors


def device_name(arguments: argparse.Namespace) -> str:
    """What computes."""
    is_cuda = torch.cuda.is_available() and arguments.device != "cpu"
    return torch.cuda.get_device_name() if is_cuda else "CPU"


def main() -> None:
    """Check, measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks run")
    options.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="of products")
    options.add_argument("--pairs", nargs="+", choices=("ppo", "rainbow"), default=["ppo", "rainbow"])
    options.add_argument("--game", choices=("tumbleweed", "airstriker"), default="tumbleweed", help="on picodrive")
    options.add_argument("--envs", type=int, default=64, help="consoles")
    options.add_argument("--threads", type=int, default=os.cpu_count(), help="of the engine")
    options.add_argument("--rollout-steps", type=int, default=128, help="steps of each console in a rollout of PPO")
    options.add_argument("--epochs", type=int, default=4, help="of an update of PPO")
    options.add_argument("--batch-size", type=int, default=2048, help="of PPO")
    options.add_argument("--steps", type=int, help="agent steps of a turn of PPO; two rollouts by default")
    options.add_argument("--updates", type=int, default=2000, help="Rainbow's in a turn")
    options.add_argument("--filled", type=int, default=100_000, help="transitions in Rainbow's replay buffer")
    arguments = parse(
        options, device="cpu", envs=2, threads=1, rollout_steps=8, epochs=1, batch_size=16, updates=2, filled=200
    )
    if arguments.steps is not None and arguments.steps % arguments.envs:
        sys.exit(f"--steps must be a multiple of the {arguments.envs} consoles, not {arguments.steps}.")
    if arguments.device == "auto" and not torch.cuda.is_available():
        print("There is no CUDA device here, so nothing is measured; --device cpu measures the CPU.")
        return
    errors = checked(arguments)
    result = measure(arguments)
    for name, answer in result["told"].items():
        print(f"{name}: " + ", ".join(f"{key} {figure:.4g}" for key, figure in answer.items()))
    publish(
        {
            "figure": "learners_gpu",
            "what": f"PPO on {arguments.game} beside the engine alone; Rainbow's updates; {device_name(arguments)}",
            "unit": "agent steps or updates per second",
            "core": PICODRIVE,
            "device": device_name(arguments),
            "settings": {key: value for key, value in vars(arguments).items() if key != "results"},
            "relative_errors": errors,
            "num_rounds": arguments.rounds,
            **result,
        },
        arguments.results,
        ("torch",),
    )


if __name__ == "__main__":
    main()
