"""A world in another process is the same world: step for step, with every observation and every kind of action."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from newgameplus.emulator.compiled import engine
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.interface import World
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.remote.client import RemoteEnv, connect
from newgameplus.remote.ends import End, Reason
from newgameplus.remote.server import in_process, serve
from newgameplus.remote.transport import Listener, socket_pair
from newgameplus.remote.world import RemoteWorld
from newgameplus.types import BUTTONS, NOTHING, PICTURE, SONIC_7, WARPED, ActionSpec, Array, ObservationSpec

EPISODE_STEPS = 5
NUM_STEPS = 12
LEVELS = [
    find_level(name)
    for name in ("Tumbleweed-Genesis-v0/Mesa.Act1", "Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Frost.Act1")
]
SPECS = {
    "picture, buttons": (PICTURE, BUTTONS),
    "warped, set": (WARPED, SONIC_7),
    "nothing, all": (NOTHING, ActionSpec("all")),
    "memory, digits": (ObservationSpec(kind="ram"), ActionSpec("multi_discrete")),
    "maximum, discrete": (ObservationSpec(maximum=True, crop=(10, 20, 30, 40), shrink=8), ActionSpec("discrete")),
    "edges, set": (ObservationSpec(size=(28, 40), edges=(100, 200)), SONIC_7),
}
"""Every kind of observation, and every kind of action."""

Make = Callable[[ObservationSpec, ActionSpec], World]


def single(observation: ObservationSpec, actions: ActionSpec) -> World:
    return SingleWorld(
        make_contest(LEVELS[0], observation_spec=observation, action_spec=actions, max_episode_steps=EPISODE_STEPS)
    )


def batch(observation: ObservationSpec, actions: ActionSpec) -> World:
    if engine() is None:
        pytest.skip("the native engine is not built here")
    return RetroVecEnv(
        LEVELS, observation_spec=observation, action_spec=actions, max_episode_steps=EPISODE_STEPS, num_threads=1
    )


ROWS: dict[str, Make] = {"one row": single, "three rows": batch}


def follow(world: World, actions: Iterator[Array]) -> Iterator[list[Any]]:
    """What an agent receives from each step, in a form that compares."""
    for action in actions:
        observation, reward, terminated, truncated, info = world.step(action)
        final = {row: info["final_obs"][row].tobytes() for row in np.flatnonzero(info.get("_final_obs", []))}
        parts = (observation, reward, terminated, truncated)
        yield [(part.dtype, part.shape, part.tobytes()) for part in parts] + [final]


def actions(world: World) -> Iterator[Array]:
    world.action_space.seed(8)
    for _ in range(NUM_STEPS):
        yield np.asarray(world.action_space.sample())


def check_equal(world: World, connect: Callable[[], RemoteWorld]) -> None:
    """Everything that an agent is told by a world, it is told again when the world is served to it."""
    first = world.reset(seed=5)[0].copy()
    steps = list(follow(world, actions(world)))
    assert sum(bool(final) for *_, final in steps) == NUM_STEPS // EPISODE_STEPS
    with closing(connect()) as remote:
        spaces = ("num_envs", "buttons", "observation_space", "action_space", "single_observation_space")
        assert [getattr(remote, name) for name in spaces] == [getattr(world, name) for name in spaces]
        assert world_spec(remote) == world_spec(world)
        assert remote.action_spec.kind == world.action_spec.kind
        again = remote.reset()[0]
        assert (again.dtype, again.tobytes()) == (first.dtype, first.tobytes())
        assert list(follow(remote, actions(remote))) == steps


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("specs", SPECS)
def test_remote_is_local(rows: str, specs: str) -> None:
    with closing(ROWS[rows](*SPECS[specs])) as world:
        check_equal(world, lambda: RemoteWorld(RemoteEnv(in_process(world, seed=5))))


@pytest.mark.parametrize("rows", ROWS)
def test_remote_is_local_through_a_socket(rows: str) -> None:
    with closing(ROWS[rows](*SPECS["warped, set"])) as world, ThreadPoolExecutor() as threads:
        served: list[Future[End]] = []

        def connect_by_socket() -> RemoteWorld:
            ours, theirs = socket_pair()
            served.append(threads.submit(serve, world, ours, seed=5))
            return RemoteWorld(connect(theirs.detach(), copies=False))

        check_equal(world, connect_by_socket)
        assert served[0].result().reason is Reason.CLIENT_DISCONNECT


@pytest.mark.parametrize("rows", ROWS)
def test_remote_is_local_through_a_network(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(ROWS[rows](*SPECS["warped, set"])) as world, ThreadPoolExecutor() as threads:
        served: list[Future[End]] = []

        def connect_by_tcp() -> RemoteWorld:
            listener = Listener()
            monkeypatch.setenv("NGP_REMOTE_ADDRESS", listener.address)
            monkeypatch.setenv("NGP_REMOTE_TOKEN", listener.token)

            def play() -> End:
                connected = listener.accept(60.0)
                assert connected is not None
                return serve(world, connected, seed=5)

            served.append(threads.submit(play))
            return RemoteWorld(connect())

        check_equal(world, connect_by_tcp)
        assert served[0].result().reason is Reason.CLIENT_DISCONNECT


@pytest.mark.parametrize("rows", ROWS)
def test_the_server_chooses_the_random_numbers_and_no_episode_is_left(rows: str) -> None:
    with (
        closing(ROWS[rows](*SPECS["nothing, all"])) as world,
        closing(RemoteWorld(RemoteEnv(in_process(world)))) as remote,
    ):
        with pytest.raises(UsageError, match="Reset a world before its first step"):
            remote.step(remote.action_space.sample())
        with pytest.raises(UsageError, match="seeded by its server"):
            remote.reset(seed=1)
        assert remote.reset()[0] is remote.reset()[0]
        with pytest.raises(UsageError, match="none of 12 buttons"):
            remote.step(np.full((remote.num_envs, 12), 2))
        remote.step(remote.action_space.sample())
        for ask in (remote.reset, lambda: remote.random_state(0), lambda: remote.restore_random_state(0, {})):
            with pytest.raises(UsageError, match="another process"):
                ask()
