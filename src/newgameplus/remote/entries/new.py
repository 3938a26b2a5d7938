"""A new entry, to begin with: ``entry.toml`` and a program that plays through the client alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from string import Template
from typing import Any

from newgameplus.errors import UsageError
from newgameplus.fields import to_json
from newgameplus.remote.entries.entry import FILE, Entry, refuse_scenarios

PROGRAM = "agent.py"
WEIGHTS = "weights.safetensors"

SIMPLE = '''"""Holds right, and jumps now and then."""

import random


def play(env):
    """Play until the contest ends the session, which it does by an exception out of step or reset."""
    jump = "B" if "B" in env.buttons else env.buttons[0]
    env.reset()
    while True:
        held = {"RIGHT", jump} if random.random() < 0.3 else {"RIGHT"}
        observation, reward, done = env.step([button in held for button in env.buttons])
        if done:
            env.reset()
'''
"""Program of an entry that needs nothing but the environment that it is given."""

OURS = Template('''"""Plays $agent of New Game Plus in the environment that every entry is given."""

${standard}from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.world import world_spec
from newgameplus.remote.world import RemoteWorld
from newgameplus.training.loop import play
$imports

def main(env):
    """Play until the contest ends the session, which it does by an exception out of a step."""
    world = RemoteWorld(env)
    agent_class = find_agent("$agent")
    agent = agent_class($config, world_spec(world), seed=0)
$begin    for _ in play(agent, world):
        pass
''')
"""Program of an entry that plays one of our agents."""


def our_program(agent: str, preset: str, *, has_weights: bool, changed: Mapping[str, Any] | None = None) -> str:
    """Return the program of an entry that plays one of our agents.

    Args:
        agent: its name.
        preset: name of its preset.
        has_weights: whether it plays with the weights beside the program.
        changed: fields of its configuration by name that are not the preset's.
    """
    config, standard = f'configure(agent_class, "{preset}", {{}})', ""
    if changed:
        config = f"replace({config}, {', '.join(f'{name}={value!r}' for name, value in changed.items())})"
        standard += "from dataclasses import replace\n"
    if has_weights:
        standard += "from pathlib import Path\n"
    return OURS.substitute(
        agent=agent,
        standard=f"{standard}\n" if standard else "",
        config=config,
        begin=f'    begin_from(agent, "{agent}", Path("{WEIGHTS}"), is_frozen=True)\n' if has_weights else "",
        imports="from newgameplus.training.transfer import begin_from\n" if has_weights else "",
    )


def entry_of_2018(paths: Sequence[Path]) -> tuple[Entry, dict[str, bytes]]:
    """Return an entry of the contest of 2018, and its files by name.

    Args:
        paths: the script that is run, and whatever else it needs.

    Raises:
        UsageError: a file cannot be read, two have the same name, or one cannot be used.
    """
    refuse_scenarios(paths)
    files: dict[str, bytes] = {}
    for path in paths:
        if path.name in (*files, FILE):
            raise UsageError(f"{path} cannot be copied: the entry has a file {path.name} already.")
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror or error}.") from error
    name = re.sub(r"[^a-z0-9]+", "-", paths[0].stem.lower()).strip("-")[:64] or "agent"
    return Entry(name, "1", command=("python", "-u", paths[0].name), api="2018"), files


def new_entry(folder: Path, entry: Entry, files: Mapping[str, bytes]) -> None:
    """Write a new entry.

    Args:
        folder: where nothing is, or an empty folder.
        entry: content of its ``entry.toml``.
        files: its other files, by name.

    Raises:
        UsageError: something is there, or it cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} exists already and is left as it is: name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / FILE).write_text(as_toml(entry), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write an entry to {folder}: {error.strerror or error}.") from error


def as_toml(entry: Entry) -> str:
    """Return the text of ``entry.toml``; it leaves out what has its default."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in _changed(entry).items())


def _changed(value: Any) -> dict[str, Any]:
    """Fields of a dataclass that are needed, or are not what they are by default."""
    return {field.name: of for field in fields(value) if (of := getattr(value, field.name)) != field.default}


def _value(value: Any) -> str:
    """A value in TOML; texts, numbers and lists of them are written as in JSON."""
    if isinstance(value, str | int | float | tuple):
        return json.dumps(to_json(value))
    inner = ", ".join(f"{name} = {_value(part)}" for name, part in _changed(value).items())
    return f"{{ {inner} }}"
