"""Rainbow: Q-learning of distributions, from a prioritised replay buffer, exploring by noise on its weights.

Paper: Hessel et al., "Rainbow: Combining Improvements in Deep Reinforcement Learning" (2018), arXiv:1710.02298; the
strongest baseline of the contest: openai/retro-baselines ``rainbow_agent.py`` with anyrl's DQN.

*Differences from the paper:* priorities are the cross-entropy itself plus an offset, as in anyrl; its correction does
not grow; products run in bfloat16 where the hardware has it. See docs/agents/rainbow.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from newgameplus.agents.rainbow import config as presets
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import make_head
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.agents.rainbow.playing import Player
from newgameplus.agents.rainbow.update import FIGURES, QLearner, Update, make_update
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.replay import SLACK, ReplayBuffer
from newgameplus.experience.rewards import RewardShaper
from newgameplus.learning.schedules import linear
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.device import find_device
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import refresh
from newgameplus.nn.saved import generator_state, module_state, restore_encoder, restore_generator, restore_module
from newgameplus.types import WARPED, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Rainbow:
    """One network that plays B rows at once and learns from all of them.

    Args:
        config: see there.
        world: B, the shape of an observation and the number of actions count.
        seed: of the weights, the noise and every draw.

    Raises:
        UsageError: the configuration asks for a device that is not there, or for too small a replay buffer.
    """

    PRESETS: ClassVar[dict[str, RainbowConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "runner-up-2018": presets.RUNNER_UP_2018,
        "tuned": presets.TUNED,
        "beyond": presets.BEYOND,
    }

    def __init__(self, config: RainbowConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether it only plays, storing and learning nothing; with its noise, since by the mean weights alone it would
        choose the same for ever where nothing moves."""
        assert world.num_actions is not None
        self._world = world
        self._learner = Learner(
            partial(RainbowNetwork, config, world.observation_shape, world.num_actions),
            seed=seed,
            device=config.device,
            precision=config.precision,
            learning_rate=config.learning_rate,
            adam_epsilon=config.adam_epsilon,
            max_gradient_norm=config.max_gradient_norm,
        )
        self.network, self._device = self._learner.network, self._learner.device
        self._generator = torch.Generator(self._device).manual_seed(seed)
        self._random = np.random.default_rng(seed)
        self._target, self._player = self._learner.playing_copy(), self._learner.computing
        self._head = make_head(config, self._device)
        self._q_learner = QLearner(config, self._learner, self._target, self._head, self._generator)
        self._begun_update: Update | None = None
        self._awaited: _Awaited | None = None
        self._begun_playing: Player | None = None
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        self._folder: Path | None = None
        self._slack = SLACK
        self._buffer: ReplayBuffer | None = None
        self._last: tuple[Array, Array] | None = None
        self._num_random = config.random_steps
        self._num_steps = 0
        self._num_updates = 0
        self._metrics: dict[str, float] = {}

    @staticmethod
    def check_machine(config: RainbowConfig) -> None:
        """Make sure that there is the device that a configuration names."""
        find_device(config.device)

    @staticmethod
    def arithmetic(config: RainbowConfig) -> Arithmetic:
        """Return what computes its network on this machine."""
        return describe_arithmetic(config.device, config.precision)

    @staticmethod
    def specs(config: RainbowConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return that it sees warped pictures and presses one of the contest's combinations."""
        return WARPED, ActionSpec("set", name=config.actions)

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Keep the frames of the replay buffer in files in ``folder``, so that checkpoints need not hold them.

        Args:
            folder: made when it is missing.
            num_steps: how many steps, of all rows, may follow a checkpoint that is gone back to.
        """
        self._folder, self._slack = folder, num_steps

    def act(self, observation: Array) -> Array:
        """Return the action of the highest expected return of each row, int64 ``[B]``, from uint8 ``[B, H, W, C]``."""
        action = self._playing.best_actions(observation)
        if not self.is_frozen:
            action = self._explore(action)
            self._last = (observation.copy(), action)
        return action.copy()

    def expected_returns(self, observation: Array) -> Array:
        """Return the expected return of each action, float32 ``[B, A]``, of uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            seen = torch.from_numpy(observation).to(self._device)
            values: Array = self._head.expected_returns(self._player, seen).cpu().numpy()
        return values

    def observe(self, step: Step) -> None:
        """Store what came of the actions, and learn when it is time.

        Raises:
            LearningError: the loss is no longer a number.
        """
        if self.is_frozen or self._last is None:
            return
        reward = self._shaper(step.reward, step.done)
        self._replay.add(*self._last, reward, step)
        self._last = None
        before, self._num_steps = self._num_steps, self._num_steps + len(reward)
        config = self.config
        if max(self._num_steps, len(self._replay)) < max(config.min_transitions, config.batch_size):
            return
        for _ in range(self._num_steps // config.train_interval - before // config.train_interval):
            self._learn()
        if self._num_steps // config.target_interval > before // config.target_interval:
            refresh(self._target, self.network)

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a turn that was played elsewhere; it counts as no step and nothing is learned from it yet.

        Args:
            observation: uint8 ``[R, H, W, C]``.
            action: int ``[R]``.
            step: what came of it, ``[R]``; its rewards are the world's.
            rows: R different ones of the B rows, whose part of the replay buffer takes it.
        """
        reward, done = np.zeros(self._world.num_envs), np.zeros(self._world.num_envs, np.bool_)
        reward[rows], done[rows] = step.reward, step.done
        self._replay.add(observation, action, self._shaper(reward, done)[rows], step, rows)

    def metrics(self) -> dict[str, float]:
        """Return figures of the last update, by name; empty before the first."""
        return self._metrics

    def state(self) -> State:
        """Return everything; the frames of the replay buffer only where it has no files."""
        waiting = {} if self._last is None else {"observation": self._last[0].copy(), "action": self._last[1].copy()}
        awaited = [] if self._awaited is None else [self._awaited.state()]
        return {
            "agent": "rainbow",
            "num_rows": self._world.num_envs,
            **self._learner.state(),
            "target": module_state(self._target),
            "generator": generator_state(self._generator),
            "random": self._random.bit_generator.state,
            "rewards": self._shaper.state(),
            "replay": [self._replay.state()],
            "waiting": [waiting, *awaited],
            "num_random": self._num_random,
            "num_steps": self._num_steps,
            "num_updates": self._num_updates,
        }

    def restore(self, state: State) -> None:
        """Go on exactly from ``state``.

        Raises:
            StateError: it is another agent's, another configuration's or damaged.
        """
        require_likeness(self.state(), state)
        self._learner.restore(state)
        restore_module(self._target, state["target"])
        refresh(self._player, self._learner.computing)
        restore_generator(self._generator, state["generator"])
        self._random.bit_generator.state = state["random"]
        self._shaper.restore(state["rewards"])
        self._replay.restore(state["replay"][0])
        self._begun_update = None
        waiting, *awaited = state["waiting"]
        self._awaited = _awaited(awaited[0]) if awaited else None
        self._last = (waiting["observation"].copy(), waiting["action"].copy()) if waiting else None
        self._num_random = state["num_random"]
        self._num_steps, self._num_updates = state["num_steps"], state["num_updates"]

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin anew with the weights of ``state``; of PPO's, with those of the convolutions.

        Raises:
            StateError: they belong to another network.
        """
        if state.get("agent") == "ppo" and not is_frozen:
            restore_encoder(self.network, state["network"])
            self._learner.refresh()
        else:
            require_agent(state, "rainbow")
            self._learner.begin_from(state["network"])
        refresh(self._target, self.network)
        # To play is to draw noise: a frozen agent does so in a copy, and what it was given stays as it is.
        self._player = self._learner.playing_copy() if is_frozen else self._learner.computing
        self._num_random = 0
        self.is_frozen = is_frozen
        self._begun_playing = None

    @property
    def _replay(self) -> ReplayBuffer:
        """The replay buffer, made when it is first needed: a frozen agent needs none."""
        if self._buffer is None:
            config = self.config
            self._buffer = ReplayBuffer(
                config.capacity,
                self._world.num_envs,
                self._world.observation_shape,
                num_steps=config.num_steps,
                discount=config.discount,
                exponent=config.exponent,
                folder=self._folder,
                slack=self._slack,
            )
        return self._buffer

    @property
    def _update(self) -> Update:
        """What learns, made when it is first needed."""
        if self._begun_update is None:
            self._begun_update = make_update(self._q_learner, self._replay)
        return self._begun_update

    @property
    def _playing(self) -> Player:
        """What chooses actions, made when it is first needed."""
        if self._begun_playing is None:
            shape = (self._world.num_envs, *self._world.observation_shape)
            self._begun_playing = Player(self._player, self._head, shape, self._device, self._generator)
        return self._begun_playing

    def _explore(self, action: Array) -> Array:
        """Return the actions ``[B]``, a share of them drawn at random; it falls with each call."""
        config = self.config
        fraction = self._num_random / config.random_steps if config.random_steps else 0.0
        share = linear(config.final_random_share, 1.0, fraction)
        self._num_random = max(0, self._num_random - len(action))
        if not share:
            return action
        is_random = self._random.random(len(action)) < share
        drawn = self._random.integers(0, self._world.num_actions, len(action))
        return np.where(is_random, drawn, action)

    def _learn(self) -> None:
        """Begin a gradient step. Where its answer takes its time, that of the last one is waited for meanwhile.

        The next batch is then drawn before the priorities of this one are known.
        """
        config = self.config
        choice = self._replay.choose(config.batch_size, config.correction, self._random)
        begun = _Awaited(choice.entries, self._update(choice))
        self._settle()
        self._num_updates += 1
        self._awaited = begun
        if not self._update.is_awaited:
            self._settle()

    def _settle(self) -> None:
        """Wait for the answer that is awaited, and give the transitions their new priorities."""
        if self._awaited is None:
            return
        entries, answer = self._awaited.entries, self._awaited.answer()
        self._awaited = None
        errors, figures = np.split(answer, [len(entries)])
        self._metrics = dict(zip(FIGURES, figures.tolist(), strict=True))
        if not math.isfinite(self._metrics["gradient_norm"]):
            raise LearningError(
                f"The loss of Rainbow is no longer a number after {self._num_updates} updates: "
                "lower the learning rate (--set learning_rate=…) and go on from the last checkpoint."
            )
        self._replay.set_priorities(entries, errors.astype(np.float64) + self.config.priority_offset)
        self._metrics["transitions"] = float(len(self._replay))


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A gradient step that has begun."""

    entries: Array
    """int64 ``[N]``: what it learns from."""
    answer: Callable[[], Array]
    """Waits for the errors and figures."""

    def state(self) -> State:
        """Return what is to be done with it, once it is known."""
        return {"entries": self.entries.copy(), "answer": self.answer().copy()}


def _awaited(state: State) -> _Awaited:
    answer: Array = state["answer"].copy()
    return _Awaited(state["entries"].copy(), lambda: answer)
