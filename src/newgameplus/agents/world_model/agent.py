"""World models: V sees, M foresees, and a linear C is evolved in M's dream and in the real game.

Sources: Ha and Schmidhuber, "World Models" (2018), arXiv:1803.10122, and its application to Sonic in the Retro Contest
of 2018 (write-up). *Differences:* see docs/agents/world_model.md.

What is fed forward: V's mean of the picture's latents, M's memory of the episode so far, and of both C chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import torch

from newgameplus.agents.saved import require_agent, require_likeness, take, take_array, take_count
from newgameplus.agents.stages import Learned, Movies
from newgameplus.agents.world_model import config as presets
from newgameplus.agents.world_model.config import WorldModelConfig
from newgameplus.agents.world_model.controller import Controllers, Linear
from newgameplus.agents.world_model.dream import Dream, features
from newgameplus.agents.world_model.footage import Footage
from newgameplus.agents.world_model.model import Model, weights_in
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.search import CovarianceSearch
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, Wishes, WorldSpec


class WorldModel:
    """V, M, and a population of C.

    Args:
        config: configuration.
        world: gives rows, buttons, actions and levels.
        seed: seed of weights, gradient steps, dreams and individuals.

    Raises:
        UsageError: a negative seed, or a device that is missing.
    """

    PRESETS: ClassVar[dict[str, WorldModelConfig]] = {
        "default": presets.SMALL,
        "small": presets.SMALL,
        "contest-2018": presets.CONTEST_2018,
    }

    def __init__(self, config: WorldModelConfig, world: WorldSpec, seed: int) -> None:
        if seed < 0:
            raise UsageError(f"A seed is 0 or more, not {seed}.")
        assert world.num_actions is not None
        self.config, self._seed, self._num_actions = config, seed, world.num_actions
        self.observation_spec, self.action_spec = self.specs(config)
        self._num_rows, self._levels = world.num_envs, world.levels
        self._buttons, self._combos = world.buttons, world.combos or ((),) * world.num_actions
        num_features = config.num_latents + (2 if config.sees_cell else 1) * config.num_hidden
        self.linear = Linear(num_features, self._combos, by_button=config.outputs == "buttons")
        """What every controller is."""
        self._model = Model(config, world.num_actions, seed)
        self._num_dreamt = 0
        self._controllers = self._seated()
        self._memory = self._model.dynamics.memory(self._num_rows)

    @staticmethod
    def specs(config: WorldModelConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of small pictures in colour, and of the action set."""
        return ObservationSpec(size=(config.size, config.size)), ActionSpec("set", name=config.actions)

    @staticmethod
    def wishes(config: WorldModelConfig) -> Wishes:
        """Return the limit of an episode that earns nothing new."""
        return Wishes(stall_frames=config.stall_frames)

    @staticmethod
    def arithmetic(config: WorldModelConfig) -> Arithmetic:
        """Return what computes V and M on this machine."""
        return describe_arithmetic(config.device, "float32")

    @staticmethod
    def without_weights(config: WorldModelConfig) -> str:
        """Return what becomes of V and M without anything to learn from."""
        del config
        return "V and M learn from --demonstrations alone; without any, and without --init, they stay random."

    def learn_in_stages(self, movies: Movies, play: Callable[..., Iterator[Any]]) -> Iterator[Learned]:
        """Learn V and M from movies, then C in the dream; see :class:`newgameplus.agents.interface.LearnsInStages`."""
        yield from self._model.learn(Footage(movies, self.config.chunk_steps))
        config = self.config
        while self._num_dreamt < config.dream_generations:
            seed = int(np.random.SeedSequence([self._seed, 4, self._num_dreamt]).generate_state(1)[0])
            metrics = self._dream_generation(play, seed)
            self._num_dreamt += 1
            yield Learned("c", self._num_dreamt, config.dream_generations, metrics)

    def dream(self, num_rows: int, temperature: float | None = None) -> Dream:
        """Return a dream of this agent's world.

        Args:
            num_rows: B.
            temperature: uncertainty; None for that of the configuration.

        Raises:
            UsageError: V and M have learned from no movies.
        """
        config = self.config
        return Dream(
            self._model, self._combos, self._buttons, num_rows=num_rows, num_steps=config.dream_steps,
            temperature=config.temperature if temperature is None else temperature, sees_cell=config.sees_cell,
        )  # fmt: skip

    @property
    def model(self) -> Model:
        """V and M."""
        return self._model

    def act(self, observation: Array) -> Array:
        """Choose an action for each row, int64 ``[B]``, from uint8 ``[B, H, W, 3]``."""
        latents, _ = self._model.see(observation)
        seen = features(latents, self._memory, sees_cell=self.config.sees_cell)
        action = self._controllers.act(seen.cpu().numpy())
        with torch.no_grad():
            taken = torch.from_numpy(action).to(self._model.device)[:, None]
            _, self._memory = self._model.dynamics.advance(latents[:, None], taken, self._memory)
        return action

    def observe(self, step: Step) -> None:
        """Forget an episode that ended, and seat the next individual."""
        self._controllers.observe(step)
        for row in np.flatnonzero(step.done).tolist():
            for part in self._memory:
                part[:, row] = 0

    def metrics(self) -> dict[str, float]:
        """Return fitnesses of the last generation in the real game; empty before the first is complete."""
        return self._controllers.metrics

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin with V, M and C of another run of this agent; only play C if ``is_frozen``.

        Raises:
            StateError: they are of another agent, configuration or number of actions.
        """
        require_agent(state, "world_model")
        mean = take_array(take(state, "controller", dict), "mean", np.float32)
        if len(mean) != self.linear.num_parameters:
            raise StateError(
                f"The saved controller has {len(mean):,} parameters, this one {self.linear.num_parameters:,} "
                "(another action set, or other fields?)."
            )
        model = self._new_model()
        model.begin_from(take(state, "model", dict))
        self._model, self._num_dreamt = model, self.config.dream_generations
        self._controllers = self._seated(mean, is_frozen=is_frozen)
        self._memory = model.dynamics.memory(self._num_rows)

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the part of a state that ``begin_from`` reads."""
        controller = {"mean": state["controller"]["mean"]}
        return {"agent": state["agent"], "model": weights_in(state["model"]), "controller": controller}

    def state(self) -> State:
        """Return the full state."""
        return {
            "agent": "world_model",
            "seed": self._seed,
            "num_rows": self._num_rows,
            "is_frozen": self._controllers.is_frozen,
            "num_dreamt": self._num_dreamt,
            "model": self._model.state(),
            "controller": self._controllers.state(),
            "memory": np.stack([part[0].cpu().numpy() for part in self._memory]),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged; nothing has changed then.
        """
        require_likeness(self.state(), state)
        memory = state["memory"]
        if memory.shape != (2, self._num_rows, self.config.num_hidden):
            raise StateError("The saved memory is of other rows or another configuration; begin a new run.")
        num_dreamt, seed = take_count(state, "num_dreamt"), take_count(state, "seed")
        controllers = self._seated(is_frozen=state["is_frozen"])
        controllers.restore(state["controller"])
        model = self._new_model()
        model.restore(state["model"])
        self._model, self._controllers, self._num_dreamt, self._seed = model, controllers, num_dreamt, seed
        parts = [torch.from_numpy(saved.copy())[None].to(model.device) for saved in memory]
        self._memory = (parts[0], parts[1])

    def _new_model(self) -> Model:
        return Model(self.config, self._num_actions, self._seed)

    def search(self, mean: Array | None = None) -> CovarianceSearch:
        """Return a new search for a controller, around a mean, float32 ``[D]``; None for zeros."""
        config = self.config
        begin = np.zeros(self.linear.num_parameters, np.float32) if mean is None else mean
        return CovarianceSearch(
            begin, config.num_individuals, sigma=config.sigma, seed=self._seed, is_diagonal=config.search == "sep-cma"
        )

    def _seated(self, mean: Array | None = None, *, is_frozen: bool = False) -> Controllers:
        """Return controllers around a mean in the rows of the real game."""
        return Controllers(
            self.linear, self.search(mean), self._num_rows,
            levels=self._levels, num_episodes=self.config.num_episodes, is_frozen=is_frozen,
        )  # fmt: skip

    def _dream_generation(self, play: Callable[..., Iterator[Any]], seed: int) -> dict[str, float]:
        """Play a generation in the dream, and let the rows of the real game play the next one."""
        config, search = self.config, self._controllers.search
        dreamers = Controllers(self.linear, search, config.dream_rows, num_episodes=config.dream_episodes)
        generation = search.generation
        for _ in play(dreamers, self.dream(config.dream_rows), seed=seed):
            if search.generation > generation:
                break
        self._controllers = Controllers(
            self.linear, search, self._num_rows, levels=self._levels, num_episodes=config.num_episodes
        )
        return dreamers.metrics
