"""Checks that a world keeps the promises of :class:`newgameplus.envs.interface.World`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from newgameplus.envs.interface import ResumableWorld, World
from newgameplus.errors import UsageError
from newgameplus.testing.promises import (
    first_difference,
    first_stranger,
    require,
    require_refusal,
    through_a_file,
    while_checking,
)
from newgameplus.types import ActionSpec, Array

MakeWorld = Callable[[], World]

_STRANGE_RANDOM_STATES: tuple[dict[str, Any], ...] = (
    {},
    {"bit_generator": "MT19937"},
    {"bit_generator": "PCG64", "state": 5},
)


def check_world(make_world: MakeWorld, *, num_steps: int = 40, seed: int = 5) -> None:
    """Check that a world keeps every promise that the loop, training and evaluation rely on.

    Args:
        make_world: creates the same world on each call; all are closed. An episode must end within ``num_steps``.
        num_steps: steps per check, at least 8.
        seed: seed of the worlds and of the actions.

    Raises:
        AssertionError: it breaks a promise; the message says which. Errors raised by the world are passed on with a
            note on what was being checked.
    """
    case = _Case(make_world, num_steps, seed)
    with closing(make_world()) as world:
        for check in _OF_A_WORLD:
            with while_checking(check.__doc__ or ""):
                check(case, world)
    with while_checking("Closing a world frees it, and a second call does nothing."):
        world.close()
    for check_new in _OF_NEW_WORLDS if isinstance(world, ResumableWorld) else _OF_NEW_WORLDS[:1]:
        with while_checking(check_new.__doc__ or ""):
            check_new(case)


@dataclass(frozen=True)
class _Case:
    make: MakeWorld
    num_steps: int
    seed: int

    def actions(self, world: World, num_steps: int | None = None, offset: int = 0) -> Iterator[Array]:
        """Draw actions; the same each time."""
        world.action_space.seed(self.seed + offset)
        for _ in range(self.num_steps if num_steps is None else num_steps):
            yield np.asarray(world.action_space.sample())


def _follow(world: World, actions: Iterator[Array]) -> list[Any]:
    """Return everything that an agent receives from a world, in the types of a state."""
    told: list[Any] = []
    for action in actions:
        observation, reward, terminated, truncated, info = world.step(action)
        ended = np.flatnonzero(info.get("_final_obs", []))
        final = {str(row): np.array(info["final_obs"][row]) for row in ended}
        parts = [np.array(part) for part in (observation, reward, terminated, truncated)]
        told.append({"parts": parts, "final": final, "levels": list(world.level_ids)})
    return told


def _random_states(world: World) -> list[dict[str, Any]]:
    return [world.random_state(row) for row in range(world.num_envs)]


def _is_a_world(case: _Case, world: World) -> None:
    """A world has the methods and properties of World, and begins the next episode in the step that ends one."""
    missing = sorted(part for part in _members(World) if part not in dir(world))
    require(not missing, f"{type(world).__name__} is no World: it lacks {', '.join(missing)}.")
    mode = world.metadata.get("autoreset_mode")
    require(
        mode is AutoresetMode.SAME_STEP,
        f"metadata['autoreset_mode'] of {type(world).__name__} is AutoresetMode.SAME_STEP, not {mode}.",
    )


def _members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def _has_spaces_in_batches(case: _Case, world: World) -> None:
    """The spaces of all rows are batches of those of one row."""
    for kind in ("observation", "action"):
        whole, single = (
            (world.observation_space, world.single_observation_space)
            if kind == "observation"
            else (world.action_space, world.single_action_space)
        )
        wanted = batch_space(single, world.num_envs)
        require(
            whole == wanted, f"{kind}_space is single_{kind}_space with B as the first axis, {wanted}, not {whole}."
        )


def _says_what_it_is(case: _Case, world: World) -> None:
    """A world has level ids, buttons and an action spec."""
    levels: list[Any] = list(world.level_ids)
    require(
        len(levels) == world.num_envs and all(isinstance(level, str) for level in levels),
        f"level_ids has a string for each of the {world.num_envs} rows, not {levels}.",
    )
    require(isinstance(world.action_spec, ActionSpec), f"action_spec is an ActionSpec, not {world.action_spec!r}.")
    buttons: Any = world.buttons
    are_names = isinstance(buttons, tuple) and all(name is None or isinstance(name, str) for name in buttons)
    require(are_names, f"buttons is a tuple of names and None, not {buttons!r}.")


def _shows_what_it_announces(case: _Case, world: World) -> None:
    """Observations are in the space, and each row has a reward and two booleans."""
    rows = (world.num_envs,)
    observation, _ = world.reset(seed=case.seed)
    _require_inside(world, observation)
    for action in case.actions(world):
        observation, *parts, _ = world.step(action)
        told: list[Any] = parts
        _require_inside(world, observation)
        for name, part, dtype in zip(
            ("reward", "terminated", "truncated"), told, (np.float64, np.bool_, np.bool_), strict=True
        ):
            require(
                isinstance(part, np.ndarray) and part.dtype == dtype and part.shape == rows,
                f"{name} is an array {np.dtype(dtype)} {rows}, not {part!r}.",
            )


def _require_inside(world: World, observation: Array) -> None:
    require(
        observation in world.observation_space,
        f"An observation lies in {world.observation_space}; this one does not: {np.asarray(observation).dtype} "
        f"{np.shape(observation)}.",
    )


def _begins_the_next_episode(case: _Case, world: World) -> None:
    """When an episode ends, info holds its last observation and the next one has begun."""
    world.reset(seed=case.seed)
    num_ended, differs = 0, False
    for action in case.actions(world):
        observation, _, terminated, truncated, info = world.step(action)
        over = terminated | truncated
        mask = np.asarray(info.get("_final_obs", np.zeros(world.num_envs, np.bool_)))
        require(
            mask.tolist() == over.tolist(),
            f"info['_final_obs'] marks the rows whose episode ended, {over.tolist()}, not {mask.tolist()}.",
        )
        for row in np.flatnonzero(over):
            num_ended += 1
            final = info["final_obs"][row]
            require(
                final in world.single_observation_space,
                f"info['final_obs'][{row}] lies in {world.single_observation_space}.",
            )
            differs |= not np.array_equal(final, observation[row])
    require(num_ended > 0, f"No episode ended within {case.num_steps} steps; make worlds of shorter episodes.")
    require(differs, "After an episode the observation is the first of the next one, not the last of the ended one.")


def _leaves_observations_alone(case: _Case, world: World) -> None:
    """An observation is not overwritten by the next."""
    first, _ = world.reset(seed=case.seed)
    before = np.array(first)
    for action in case.actions(world, 3):
        world.step(action)
    require(np.array_equal(first, before), "An observation changed when the world went on; return a new array.")


def _keeps_its_random_numbers(case: _Case, world: World) -> None:
    """A seed resets the random generator, and a reset without one keeps it."""
    world.reset(seed=case.seed)
    first = _random_states(world)
    world.reset(seed=case.seed + world.num_envs)
    others = _random_states(world)
    changed = all(one != other for one, other in zip(first, others, strict=True))
    require(changed, "reset(seed) seeds the random numbers of every row: another seed, another random_state.")
    none: list[int | None] = [None] * world.num_envs
    found = []
    for seeds in (None, none):
        world.reset(seed=case.seed)
        world.reset(seed=seeds)
        found.append(_random_states(world))
    require(
        found[0] == found[1],
        "reset without a seed, or with None for a row, goes on with that row's random numbers; here they begin anew.",
    )


def _plays_by_its_random_numbers(case: _Case, world: World) -> None:
    """The same random state gives the same episode."""
    world.reset(seed=case.seed)
    saved = json.loads(json.dumps(_random_states(world)))
    levels = list(world.level_ids)
    num_steps = _num_steps_within_an_episode(case, world)
    world.reset(seed=case.seed)
    expected = _follow(world, case.actions(world, num_steps))
    world.reset(seed=case.seed + world.num_envs)
    if list(world.level_ids) != levels:
        return
    for row, state in enumerate(saved):
        world.restore_random_state(row, state)
    require(_random_states(world) == saved, "restore_random_state gives back what random_state returned, as JSON.")
    where = first_difference(_follow(world, case.actions(world, num_steps)), expected, "told")
    require(where is None, f"With the random numbers restored an episode goes differently: see {where}.")


def _num_steps_within_an_episode(case: _Case, world: World) -> int:
    for number, action in enumerate(case.actions(world)):
        _, _, terminated, truncated, _ = world.step(action)
        if (terminated | truncated).any():
            return number
    return case.num_steps


def _refuses_strange_random_states(case: _Case, world: World) -> None:
    """An invalid random state is refused with a StateError and changes nothing."""
    world.reset(seed=case.seed)
    before = _random_states(world)
    for state in _STRANGE_RANDOM_STATES:
        call = partial(world.restore_random_state, world.num_envs - 1, state)
        require_refusal(call, "restore_random_state", f"{state}")
    require(_random_states(world) == before, "restore_random_state changed something though it refused.")


def _refuses_actions_outside(case: _Case, world: World) -> None:
    """An action outside its space is refused with a UsageError."""
    outside = _outside(world.single_action_space)
    if outside is None:
        return
    world.reset(seed=case.seed)
    try:
        world.step(np.stack([outside] * world.num_envs))
    except UsageError:
        return
    except Exception as error:
        raise AssertionError(f"step refuses the action {outside} with a UsageError, not with {error!r}.") from error
    raise AssertionError(f"step takes the action {outside}, which is not in {world.single_action_space}; refuse it.")


def _outside(space: gym.Space[Any]) -> Array | None:
    if isinstance(space, gym.spaces.Discrete):
        return np.array(space.start + space.n)
    if isinstance(space, gym.spaces.MultiBinary):
        return np.full(space.shape, 2, np.int8)
    return np.array(space.nvec) if isinstance(space, gym.spaces.MultiDiscrete) else None


def _is_determined(case: _Case) -> None:
    """The same seed and actions give the same results, whether the seed is a number or one per row."""
    told = []
    for as_list in (False, True):
        with closing(case.make()) as world:
            seeds: Any = [case.seed + row for row in range(world.num_envs)] if as_list else case.seed
            observation, _ = world.reset(seed=seeds)
            told.append([np.array(observation), _follow(world, case.actions(world)), _random_states(world)])
    where = first_difference(told[0], told[1], "told")
    require(where is None, f"The same seed and actions give something else in a new world: see {where}.")


def _is_restored_exactly(case: _Case) -> None:
    """A new world with the restored state continues in the same way."""
    for num_steps in (0, case.num_steps // 4, case.num_steps - 1):
        with closing(_resumable(case)) as world:
            observation, _ = world.reset(seed=case.seed)
            for action in case.actions(world, num_steps):
                world.state()
                observation, *_ = world.step(action)
            state: Any = world.state()
            where = first_stranger(state)
            require(
                where is None,
                f"The state of a world is made of dicts, lists, JSON scalars and numpy arrays; not so {where}.",
            )
            kept, last = through_a_file(state), np.array(observation)
            expected = [_follow(world, case.actions(world, offset=1)), _random_states(world)]
        with closing(_resumable(case)) as again:
            shown = np.array(again.restore(kept))
            require(np.array_equal(shown, last), "restore returns the observation of the moment that it goes back to.")
            found = [_follow(again, case.actions(again, offset=1)), _random_states(again)]
        where = first_difference(found, expected, "told")
        require(where is None, f"Restored after {num_steps} steps, a world goes on differently: see {where}.")


def _is_undisturbed_by_saving(case: _Case) -> None:
    """Saving changes nothing."""
    told = []
    for saves in (False, True):
        with closing(_resumable(case)) as world:
            world.reset(seed=case.seed)
            steps: list[Any] = []
            for action in case.actions(world):
                if saves:
                    world.state()
                steps += _follow(world, iter([action]))
            told.append(steps)
    where = first_difference(told[0], told[1], "told")
    require(where is None, f"A world goes on differently once it was saved: see {where}.")


def _refuses_strange_states(case: _Case) -> None:
    """A state of another world is refused with a StateError."""
    with closing(_resumable(case)) as world:
        world.reset(seed=case.seed)
        state = world.state()
        require_refusal(partial(world.restore, {}), "restore", "that is empty")
        for missing in state:
            part = {key: value for key, value in state.items() if key != missing}
            require_refusal(partial(world.restore, part), "restore", f"without {missing!r}")


def _resumable(case: _Case) -> ResumableWorld:
    return cast(ResumableWorld, case.make())


_OF_A_WORLD: tuple[Callable[[_Case, World], None], ...] = (
    _is_a_world,
    _has_spaces_in_batches,
    _says_what_it_is,
    _shows_what_it_announces,
    _begins_the_next_episode,
    _leaves_observations_alone,
    _keeps_its_random_numbers,
    _plays_by_its_random_numbers,
    _refuses_strange_random_states,
    _refuses_actions_outside,
)
_OF_NEW_WORLDS: tuple[Callable[[_Case], None], ...] = (
    _is_determined,
    _is_restored_exactly,
    _is_undisturbed_by_saving,
    _refuses_strange_states,
)
"""The first of every world, the others of those that can be saved in the middle of an episode."""
