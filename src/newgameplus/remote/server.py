"""Serves a world to an agent in another process, until a limit, the agent or whoever runs it ends the session.

The agent gets observation, reward, and whether its episode ended, and nothing else. A world of one row is shown in
episodes: at an end the agent sees the last observation and asks for the next episode, which has begun already. A batch
is shown as it is, with same-step autoreset.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from newgameplus.envs.interface import ShowsRows, World
from newgameplus.errors import EmulatorError, UsageError
from newgameplus.remote.conversation import Act, Begin, Conversation, Order, Refuse, Show, Stop
from newgameplus.remote.ends import End, Reason
from newgameplus.remote.frames import Frames, can_seal
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.messages import Greeting, Refusal, bye, flags_of, hello, obs, picture, refused
from newgameplus.remote.transport import BrokenError, GoneError, InProcess, Transport
from newgameplus.types import Array

WATCH_SECONDS = 0.1
"""Interval in which ``watch`` is asked."""
_GRACE_STEP_SECONDS = 0.01
_LONGEST_WAIT_SECONDS = 3600.0
"""What poll can be asked to wait has an end; afterwards it is asked again."""

Ask: TypeAlias = Callable[[], Reason | None]
"""Asked for a reason to end the session; None to go on."""


def serve(
    world: World,
    transport: Transport,
    limits: SessionLimits | None = None,
    *,
    seed: int | None = None,
    pictures: object = None,
    watch: Ask | None = None,
    judge: Ask | None = None,
) -> End:
    """Serve a world to one agent until the session ends, and tell how.

    Args:
        world: the world, which the caller closes.
        transport: connection to the agent; closed at the end.
        limits: limits of the session; None for those of the contest.
        seed: seed of the world's first reset; None keeps its random generators.
        pictures: what shows the rows if the agent asks for a picture, if it is a ``ShowsRows``; None for the world.
        watch: asked every 0.1 s, and after the connection broke, for what is known of the agent's processes.
        judge: asked after every step whether the budget is spent.

    Raises:
        UsageError: the world cannot be sent to another process.
        Exception: what the world raises; the agent is told that the world failed.
    """
    try:
        server = Server(
            *(world, limits or SessionLimits()),
            has_memory=transport.carries_memory,
            seed=seed,
            pictures=pictures,
            judge=judge,
        )
    except BaseException:
        transport.close()
        raise
    try:
        stop = _Loop(server, transport, watch).run()
        _say(transport, server.bye(stop))
        return server.end(stop)
    except KeyboardInterrupt:
        _say(transport, server.bye(Stop(Reason.ORGANISER)))
        raise
    except BaseException:
        _say(transport, server.bye(Stop(Reason.ERROR)))
        raise
    finally:
        server.close()
        transport.close()


def in_process(world: World, limits: SessionLimits | None = None, *, seed: int | None = None) -> InProcess:
    """Return the agent's end of a connection to a server in this process, for ``client.RemoteEnv``.

    Args:
        world: the world, which the caller closes.
        limits: limits of the session; None for those of the contest.
        seed: seed of the world's first reset.
    """
    server = Server(world, limits or SessionLimits(), has_memory=can_seal(), seed=seed)

    def greet() -> tuple[bytes, int | None]:
        return server.hello(), None if server.memory is None else os.dup(server.memory)

    def answer(message: bytes) -> list[bytes] | None:
        answers: list[bytes] = []
        if server.is_closed:
            return None
        stop = server.hear(message, time.monotonic(), answers.append)
        if stop is not None:
            answers.append(server.bye(stop))
            server.close()
        return answers

    return InProcess(greet, answer)


class Server:
    """A world behind a conversation: what a message asks for is done and answered.

    Args:
        world: the world.
        limits: limits of the session.
        has_memory: whether observations are drawn into sealed memory, or follow their messages.
        seed: seed of the world's first reset.
        pictures: what shows the rows, if it is a ``ShowsRows``; None for the world.
        judge: asked after every step whether the budget is spent.

    Raises:
        UsageError: the world cannot be sent to another process.
    """

    def __init__(
        self,
        world: World,
        limits: SessionLimits,
        *,
        has_memory: bool,
        seed: int | None = None,
        pictures: object = None,
        judge: Ask | None = None,
    ) -> None:
        self._world, self._seed, self._judge = world, seed, judge
        shows = world if pictures is None else pictures
        self._pictures = shows if isinstance(shows, ShowsRows) else None
        self._greeting = greeting_of(world, has_memory=has_memory)
        self._greeting.check()
        self._frames = Frames(self._greeting)
        self._first: Array | None = None
        """First observation of an episode that has begun and was not asked for."""
        self.conversation = Conversation(self._greeting, limits, time.monotonic())
        """Where the session is."""
        self.limits = limits
        self.is_closed = False

    @property
    def memory(self) -> int | None:
        """Descriptor of the memory of observations; None if there is none."""
        return self._frames.fd

    @property
    def longest_message(self) -> int:
        """Length of the longest message of an agent."""
        return self._greeting.request_bytes

    def hello(self) -> bytes:
        """Return the greeting."""
        return hello(self._greeting)

    def hear(self, message: bytes, now: float, send: Callable[[bytes], None]) -> Stop | None:
        """Do what a message asks for, and answer it; return the end if the session is over.

        Args:
            message: what the agent sent.
            now: when it was received, as ``time.monotonic``.
            send: sends an answer.
        """
        order = self.conversation.hear(message, now)
        if isinstance(order, Stop):
            return order
        num_ended = self._carry_out(order, send)
        if num_ended is None:
            return None
        stop = self.conversation.answered(num_ended, time.monotonic())
        if stop is None and self._judge is not None:
            reason = self._judge()
            return None if reason is None else Stop(reason)
        return stop

    def bye(self, stop: Stop) -> bytes:
        """Return the message that tells the agent of the end."""
        return bye(self.conversation.seq, stop.reason, stop.violation)

    def end(self, stop: Stop) -> End:
        """Return how the session ended."""
        said = self.conversation
        seconds = said.clock.seconds(time.monotonic())
        return End(
            *(stop.reason, said.num_steps, said.num_episodes),
            seconds=seconds,
            agent_seconds=said.clock.agent_seconds,
            violation=stop.violation,
        )

    def close(self) -> None:
        """Give the memory back."""
        self.is_closed = True
        self._frames.close()

    def _carry_out(self, order: Order, send: Callable[[bytes], None]) -> int | None:
        """Answer an order; return the number of rows whose episode ended, None if nothing was played."""
        if isinstance(order, Act):
            return self._step(order, send)
        if isinstance(order, Begin):
            if self._first is None:
                self._first, _ = self._world.reset(seed=self._seed)
            rows = self._greeting.num_envs
            return self._show(order.seq, self._first, {}, np.zeros(rows), bytes(rows), send)
        if isinstance(order, Refuse):
            send(refused(order.seq, order.refusal))
        elif isinstance(order, Show):
            send(self._picture(order))
        return None

    def _step(self, order: Act, send: Callable[[bytes], None]) -> int:
        observation, reward, terminated, truncated, info = self._world.step(order.actions)
        finals = _finals(info)
        if finals and not self._greeting.is_same_step:
            self._first, observation, finals = observation, finals[0][None], {}
        return self._show(order.seq, observation, finals, reward, flags_of(terminated, truncated), send)

    def _show(
        self,
        seq: int,
        observation: Array,
        finals: Mapping[int, Array],
        reward: Array,
        flags: bytes,
        send: Callable[[bytes], None],
    ) -> int:
        """Send an observation; return the number of rows whose episode ended."""
        slot, drawn = self._frames.draw(seq, observation, finals)
        message = obs(seq, slot, reward, flags)
        send(message + drawn if drawn else message)
        return len(flags) - flags.count(0)

    def _picture(self, order: Show) -> bytes:
        if self._pictures is None:
            return refused(order.seq, Refusal.NO_PICTURE)
        try:
            shown = self._pictures.screen(order.row)
        except EmulatorError:
            self._pictures.draw_next_step()
            return refused(order.seq, Refusal.NO_PICTURE)
        drawn = self._frames.draw_picture(np.ascontiguousarray(shown))
        return picture(order.seq, *shown.shape[:2]) + drawn


class _Loop:
    """Waits for messages, and no longer than the limits allow."""

    def __init__(self, server: Server, transport: Transport, watch: Ask | None) -> None:
        self._server, self._transport, self._watch = server, transport, watch
        self._next_watch = time.monotonic()
        self._poller = select.poll()
        self._poller.register(transport.fileno(), select.POLLIN)

    def run(self) -> Stop:
        """Serve until the end."""
        server, transport = self._server, self._transport
        try:
            transport.send(server.hello(), server.memory)
            while True:
                message = self._wait()
                now = time.monotonic()
                reason = self._watched(now)
                if reason is not None:
                    return Stop(reason)
                stop = self._late(now) if message is None else server.hear(message, now, transport.send)
                if stop is not None:
                    return stop
        except BrokenError as error:
            return Stop(Reason.PROTOCOL, error.violation)
        except GoneError:
            return Stop(self._why_gone())

    def _wait(self) -> bytes | None:
        """Return a message, or None if there was none by the time that something else is to be done."""
        now = time.monotonic()
        until = min(self._server.conversation.clock.deadline, now + _LONGEST_WAIT_SECONDS)
        if self._watch is not None:
            until = min(until, self._next_watch)
        if self._transport.has_waiting or self._poller.poll(max(0, math.ceil((until - now) * 1000))):
            return self._transport.receive(self._server.longest_message)
        return None

    def _late(self, now: float) -> Stop | None:
        reason = self._server.conversation.clock.late(now)
        return None if reason is None else Stop(reason)

    def _watched(self, now: float) -> Reason | None:
        if self._watch is None or now < self._next_watch:
            return None
        self._next_watch = now + WATCH_SECONDS
        return self._watch()

    def _why_gone(self) -> Reason:
        """Return why the connection broke; what is known of the processes tells more, and may come a little later."""
        until = time.monotonic() + self._server.limits.grace_seconds
        while self._watch is not None:
            reason = self._watch()
            if reason is not None:
                return reason
            if time.monotonic() >= until:
                break
            time.sleep(_GRACE_STEP_SECONDS)
        return Reason.CLIENT_DISCONNECT


def greeting_of(world: World, *, has_memory: bool) -> Greeting:
    """Return what an agent is told of a world.

    Args:
        world: the world.
        has_memory: whether observations lie in memory.

    Raises:
        UsageError: an observation or an action is of a kind that is not sent, or episodes do not begin by themselves.
    """
    if world.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
        raise UsageError("A world for another process must be made with AutoresetMode.SAME_STEP.")
    seen, spec = world.single_observation_space, world.action_spec
    if not isinstance(seen, gym.spaces.Box):
        raise UsageError(f"Observations {seen} cannot be sent to another process: an array of a Box can.")
    return Greeting(
        num_envs=world.num_envs,
        dtype=str(seen.dtype),
        shape=tuple(seen.shape),
        action_kind=spec.kind,
        sizes=_sizes(world.single_action_space),
        buttons=tuple(world.buttons),
        combos=tuple(tuple(world.buttons.index(name) for name in combo) for combo in spec.combos),
        has_memory=has_memory,
    )


def _sizes(space: gym.Space[Any]) -> tuple[int, ...]:
    if isinstance(space, gym.spaces.MultiDiscrete):
        return tuple(int(size) for size in space.nvec)
    if isinstance(space, gym.spaces.Discrete | gym.spaces.MultiBinary):
        return (int(np.prod(space.n)),)
    raise UsageError(f"Actions {space} cannot be sent to another process: buttons and numbers can.")


def _finals(info: Mapping[str, Any]) -> dict[int, Array]:
    """Return the final observations of the episodes that ended, by row index, from Gymnasium's ``final_obs``."""
    if "final_obs" not in info:
        return {}
    rows = info["final_obs"]
    return {int(row): rows[row] for row in info["_final_obs"].nonzero()[0]}


def _say(transport: Transport, message: bytes) -> None:
    """Send a last message if there is somebody to read it."""
    try:
        transport.send(message)
    except (GoneError, BrokenError):
        return
