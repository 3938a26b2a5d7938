"""Agent steps per second of whole learners, playing and learning, beside Stable-Baselines3's and tianshou's.

Airstriker with the contest's preprocessing and seven actions. PPO: Nature network, 8 consoles, 128 steps, 4 epochs,
batches of 256. Rainbow beside QR-DQN of sb3-contrib and tianshou's Rainbow: one console, batches of 32, a gradient step
for every fourth step and for every step, replay buffers filled to 2,000 transitions before the first turn. Tianshou's
has the same parts as ours (Nature network, dueling, noisy layers, 51 atoms, prioritised replay, 3 steps) and its own
trainer, which plays 100 steps and then does the gradient steps for them: it looks through the whole buffer after each
such stretch, so that short ones would be slower. Ours plays on picodrive, its peers on stable-retro's core, which is
the only one that stable-retro has.

``rainbow-level`` is ours alone, on one level of Tumbleweed with one console, as the contest's budget of a million steps
would be spent: Rainbow as the paper has it, with atoms and a gradient step for every fourth step, in the size of preset
``tuned`` (the convolutions of 2013, 256 hidden units); and that preset itself, with implicit quantiles and a gradient
step for every eighth step.

The figures hold for the instruction set of the CPU: ours have kernels in bfloat16 with AVX-512-BF16, in float32 with
AVX2. The result names CPU and kernels. Where ``NGP_KERNELS`` asks for less than the CPU has, the figure is named after
that, such as ``learners_ppo_avx2``. Torch, ours and the peers', is limited likewise:

    export NGP_KERNELS=avx2 ATEN_CPU_CAPABILITY=avx2 DNNL_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2

Run: python -m benchmarks.speed.learners [--rounds 5] [--pairs rainbow-4 rainbow-1] [--steps 400]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from benchmarks.peers import STACK, Env, is_installed, make_env, make_stacked_env
from benchmarks.play import AIRSTRIKER, PICODRIVE, Play, picodrive_level
from benchmarks.turns import Ratio, Side, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.emulator.cores import console_named
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.world import world_spec
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import Level, find_level
from newgameplus.nn.arithmetic import describe_arithmetic
from newgameplus.nn.cpu.compiled import availability
from newgameplus.training.loop import play as turns_of
from newgameplus.types import CONTEST_SIZE, SONIC_7, Array

COMBOS = resolved(SONIC_7, console_named("Genesis")).combos
NUM_THREADS = 2
NUM_ENVS, NUM_STEPS, NUM_EPOCHS, BATCH_SIZE = 8, 128, 4, 256
ROLLOUT = NUM_ENVS * NUM_STEPS
FILLED, CAPACITY, REPLAY_BATCH = 2000, 20_000, 32
TUMBLEWEED = "Tumbleweed-Genesis-v0/Mesa.Act1"
MILLION_IN_AN_HOUR = 1e6 / 3600
LIMITING = ("NGP_KERNELS", "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")
"""Environment variables that keep ours, torch, oneDNN and MKL from using all that the CPU has."""
STRETCH = 100
"""Agent steps that tianshou plays between gradient steps."""


class Numbered(gym.ActionWrapper[Array, Any, Any]):
    """Stable-retro's environment with the seven combinations as discrete actions."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        buttons = tuple(env.unwrapped.buttons)  # type: ignore[attr-defined]  # stable-retro's
        self._held = [[int(button in combo) for button in buttons] for combo in COMBOS]
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
    """Set torch's number of threads to that of every side."""
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


def their_ppo(play: Play, num_steps: int) -> Callable[[], None]:
    """Stable-Baselines3's PPO as a side."""
    os.environ["OMP_NUM_THREADS"] = "1"
    world = peer_world(play)
    set_threads()
    ppo = importlib.import_module("stable_baselines3").PPO
    model = ppo("CnnPolicy", world, n_steps=NUM_STEPS, n_epochs=NUM_EPOCHS, batch_size=BATCH_SIZE, device="cpu", seed=0)
    model.learn(ROLLOUT)
    return partial(_learn, model, num_steps)


def their_qr_dqn(play: Play, num_steps: int, interval: int) -> Callable[[], None]:
    """QR-DQN of sb3-contrib as a side."""
    world = peer_world(replace(play, num_envs=1))
    set_threads()
    qr_dqn = importlib.import_module("sb3_contrib").QRDQN
    model = qr_dqn(
        "CnnPolicy", world, buffer_size=CAPACITY, learning_starts=FILLED, batch_size=REPLAY_BATCH, train_freq=interval,
        gradient_steps=1, device="cpu", seed=0,
    )  # fmt: skip
    model.learn(FILLED)
    return partial(_learn, model, num_steps)


def their_rainbow(play: Play, num_steps: int, interval: int) -> Callable[[], None]:
    """Tianshou's Rainbow as a side, in its own trainer, with the console in the same process, the fastest for one."""
    set_threads()
    data, algorithms = importlib.import_module("tianshou.data"), importlib.import_module("tianshou.algorithm")
    env = importlib.import_module("tianshou.env").DummyVectorEnv([partial(_numbered_stack, play)])
    rainbow = tianshou_rainbow(algorithms, len(COMBOS))
    buffer = data.PrioritizedVectorReplayBuffer(
        CAPACITY, buffer_num=1, ignore_obs_next=True, save_only_last_obs=True, stack_num=STACK, alpha=0.5, beta=0.4,
    )  # fmt: skip
    collector = data.Collector(rainbow, env, buffer, exploration_noise=True)
    collector.reset()
    collector.collect(n_step=FILLED)
    parameters = importlib.import_module("tianshou.trainer").OffPolicyTrainerParams(
        training_collector=collector, epoch_num_steps=num_steps, collection_step_num_env_steps=STRETCH,
        batch_size=REPLAY_BATCH, update_step_num_gradient_steps_per_sample=1 / interval,
        verbose=False, show_progress=False,
    )  # fmt: skip
    trainer = rainbow.create_trainer(parameters)
    trainer.reset(reset_collectors=False)

    def run() -> None:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):  # its bars cannot be put off
            trainer.execute_epoch()

    return run


def tianshou_rainbow(algorithms: Any, num_actions: int) -> Any:
    """Create tianshou's Rainbow with the settings of ours, put together as in its own Atari example."""
    network = importlib.import_module("tianshou.env.atari.atari_network").RainbowNet(
        c=STACK, h=CONTEST_SIZE[0], w=CONTEST_SIZE[1], action_shape=[num_actions], num_atoms=51, noisy_std=0.5
    )
    policy = importlib.import_module("tianshou.algorithm.modelfree.c51").C51Policy(
        model=network, action_space=gym.spaces.Discrete(num_actions), num_atoms=51, v_min=-200.0, v_max=200.0
    )
    optimizer = importlib.import_module("tianshou.algorithm.optim").AdamOptimizerFactory(lr=1e-4)
    return algorithms.RainbowDQN(
        policy=policy, optim=optimizer, gamma=0.99, n_step_return_horizon=3, target_update_freq=500
    )


def _numbered_stack(play: Play) -> Env:
    return Numbered(make_stacked_env(play))


def _learn(model: Any, num_steps: int) -> None:
    model.learn(num_steps, reset_num_timesteps=False)


def ppo_sides(fast: Level, play: Play, num_steps: int) -> dict[str, Side]:
    """Both PPOs by name."""
    config = PpoConfig(rollout_steps=NUM_STEPS, num_epochs=NUM_EPOCHS, batch_size=BATCH_SIZE, device="cpu")
    return {
        "PPO, ours": partial(ours, fast, Ppo, config, NUM_ENVS, num_steps, ROLLOUT),
        "PPO, Stable-Baselines3": partial(their_ppo, play, num_steps),
    }


def rainbow_sides(interval: int, fast: Level, play: Play, num_steps: int) -> dict[str, Side]:
    """Rainbow and its peers by name, with a gradient step for every ``interval`` steps."""
    config = RainbowConfig(
        capacity=CAPACITY, min_transitions=FILLED, batch_size=REPLAY_BATCH, train_interval=interval, device="cpu"
    )
    return {
        f"Rainbow, every {interval}, ours": partial(ours, fast, Rainbow, config, 1, num_steps, FILLED),
        f"QR-DQN, every {interval}, sb3-contrib": partial(their_qr_dqn, play, num_steps, interval),
        f"Rainbow, every {interval}, tianshou": partial(their_rainbow, play, num_steps, interval),
    }


def level_sides(fast: Level, play: Play, num_steps: int) -> dict[str, Side]:
    """Rainbow on one level of Tumbleweed, whatever the other pairs play."""
    del fast, play
    # Without the random start, which is a hundredth of such a run.
    tuned = replace(Rainbow.PRESETS["tuned"], capacity=CAPACITY, random_steps=0, device="cpu")
    atoms = replace(tuned, distribution="categorical", v_max=40.0, train_interval=4)
    make = partial(ours, find_level(TUMBLEWEED), Rainbow)
    return {
        name: partial(make, config, 1, num_steps, config.min_transitions)
        for name, config in (("Rainbow, atoms, every 4, Tumbleweed", atoms), ("Rainbow, tuned, Tumbleweed", tuned))
    }


@dataclass(frozen=True, slots=True)
class Pair:
    """A comparison: ours, the first side, with every other one."""

    sides: Callable[[Level, Play, int], dict[str, Side]]
    """From our level, the peers' play and the steps of a turn to every side by name."""
    num_steps: int
    """Agent steps of a turn."""
    targets: tuple[float | None, ...]
    """Lower bound against each peer."""
    at_least: float | None = None
    """Lower bound of our steps per second."""
    peers: tuple[str, ...] = ()
    """Names of the peers that must be installed, as in ``PEERS``."""


PAIRS = {
    "ppo": Pair(ppo_sides, 2 * ROLLOUT, (5.0,), peers=("Stable-Baselines3",)),
    "rainbow-4": Pair(partial(rainbow_sides, 4), 400, (3.0, None), peers=("sb3-contrib", "tianshou")),
    "rainbow-1": Pair(partial(rainbow_sides, 1), 400, (3.0, None), peers=("sb3-contrib", "tianshou")),
    "rainbow-level": Pair(level_sides, 1000, (None,), MILLION_IN_AN_HOUR),
}


PEERS = {"Stable-Baselines3": "stable_baselines3", "sb3-contrib": "sb3_contrib", "tianshou": "tianshou"}
"""Name of each peer in the names of sides, and its package."""


def is_there(side: str) -> bool:
    """Whether a side is ours, or of a peer whose package is installed; --tiny runs without the others."""
    package = PEERS.get(side.rpartition(", ")[2])
    return package is None or is_installed(package)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let all sides take turns, pair by pair, and return the result."""
    level = find_level(AIRSTRIKER)
    play = Play(level, NUM_ENVS, ROLLOUT)
    figures: dict[str, Any] = {}
    compared: list[dict[str, Any]] = []
    seconds = []
    for name in arguments.pairs:
        pair = PAIRS[name]
        num_steps = arguments.steps or pair.num_steps
        every = pair.sides(picodrive_level(), play, num_steps)
        mine, *peers = every
        sides = {side: make for side, make in every.items() if is_there(side)}
        rounds = list(take_turns(sides, arguments.rounds))
        figures |= speeds(rounds, num_steps, {} if pair.at_least is None else {mine: pair.at_least})
        wanted = [Ratio(mine, peer, target) for peer, target in zip(peers, pair.targets, strict=True) if peer in sides]
        compared += ratios(rounds, wanted)
        seconds += raw(rounds)
    return {
        "figure": figure_name(arguments.pairs),
        "what": f"Agent steps per second, playing and learning, Airstriker, {NUM_THREADS} threads",
        "unit": "agent steps per second",
        "core": PICODRIVE,
        "kernels": describe_arithmetic("cpu")["kernels"],
        "limits": {name: os.environ[name] for name in LIMITING if name in os.environ},
        "num_rounds": arguments.rounds,
        "sides": figures,
        "ratios": compared,
        "seconds": seconds,
    }


def figure_name(pairs: Sequence[str]) -> str:
    """Name of the figure of these pairs, with that of the kernels where less than what the CPU has is asked for."""
    parts = ["learners"] if set(pairs) == set(PAIRS) else ["learners", *pairs]
    return "_".join([*parts, availability.instruction_set or "torch"] if availability.is_limited else parts)


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS), help="what is measured")
    options.add_argument("--steps", type=int, help="agent steps of a turn: of PPO whole rollouts of 1,024")
    arguments = parse(options, pairs=["ppo"], steps=ROLLOUT)
    unit = ROLLOUT if "ppo" in arguments.pairs else STRETCH
    if arguments.steps is not None and (arguments.steps < 1 or arguments.steps % unit):
        sys.exit(f"--steps must be a multiple of {unit}, not {arguments.steps}.")
    needed = [peer for name in arguments.pairs for peer in PAIRS[name].peers]
    missing = [peer for peer in needed if not is_installed(PEERS[peer])]
    if missing and not arguments.tiny:
        sys.exit(f"{missing[0]} is missing; install the peers with: make bench")
    publish(measure(arguments), arguments.results, ("stable-baselines3", "sb3-contrib", "tianshou", "torch"))


if __name__ == "__main__":
    main()
