"""Runs a function as an agent: ``python -m retro_contest.agent MODULE:FUNCTION [ARGUMENT ...]``.

It is what ``retro-contest-agent`` was.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import gym_remote.client as grc
import gym_remote.exceptions as gre


def make(socketdir: str = "tmp/sock") -> grc.RemoteEnv:
    """Return the environment that this process was given."""
    return grc.RemoteEnv(socketdir)


def run(agent: Any = None, socketdir: str = "tmp/sock", daemonize: bool = False, args: Any = ()) -> None:
    """Call an agent with the environment, and return when the session is over.

    Args:
        agent: a function, or its name as ``module:function``; None for :func:`random_agent`.
        socketdir: folder of the socket in 2018.
        daemonize: refused, since a sandbox ends with its program.
        args: further arguments of the function.

    Raises:
        ValueError: the program is to go on in the background, or the agent has no such name.
    """
    if daemonize:
        raise ValueError("An agent cannot go on in the background: its session ends with its program.")
    function = random_agent if agent is None else agent if callable(agent) else _find(agent)
    print(f"Running agent: {agent or 'random_agent'}")  # noqa: T201 - it is the program's output
    env = make(socketdir)
    try:
        function(env, *args)
    except gre.GymRemoteError as error:
        print(error)  # noqa: T201 - it is the program's output


def random_agent(env: Any, *args: Any) -> None:
    """Take random actions until the session is over."""
    env.reset()
    while True:
        try:
            _, _, done, _ = env.step(env.action_space.sample())
        except gre.ResetError:
            done = True
        if done:
            env.reset()


def _find(name: str) -> Any:
    module, _, function = name.partition(":")
    if not module or not function:
        raise ValueError(f"An agent is named MODULE:FUNCTION, not {name!r}.")
    found: Any = importlib.import_module(module)
    for part in function.split("."):
        found = getattr(found, part)
    return found


def main(arguments: list[str]) -> None:
    """Run the agent that the command line names."""
    run(arguments[0] if arguments else None, args=arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
