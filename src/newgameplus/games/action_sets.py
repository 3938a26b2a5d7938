"""Named sets of button combinations, per console, and sets in a user's own file.

An agent names a set independently of the console; the world looks up its combinations for the console of the level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newgameplus.emulator.cores import Console, consoles
from newgameplus.errors import NotFoundError, UsageError, did_you_mean
from newgameplus.games.files import parse
from newgameplus.types import ActionSpec

FILE = Path(__file__).with_name("action_sets.toml")
GENERAL = "console"
"""Set that exists for every console, and replaces sets without combinations for a console."""
ANY_CONSOLE = "combos"
"""Key in a file for combinations that hold on every console."""
MAX_COMBOS = 4096
"""Limit of combinations per set; more than differ on any pad."""
MAX_FILE_BYTES = 2**20

Combos = tuple[tuple[str, ...], ...]
"""Names of the buttons held by action 0, 1, 2, …"""


@dataclass(frozen=True, slots=True)
class ActionSet:
    """Named button combinations."""

    name: str
    """Name given by the project, or the name of a user's file."""
    combos: tuple[tuple[str, Combos], ...]
    """Combinations by console; those of ``ANY_CONSOLE`` hold on consoles that are not listed."""

    def on(self, console: Console) -> ActionSpec | None:
        """Return the set on a console, or None if it has no combinations for it.

        Raises:
            UsageError: the console lacks a button of the set.
        """
        by_console = dict(self.combos)
        combos = by_console.get(console.name, by_console.get(ANY_CONSOLE))
        if combos is None:
            return None
        for name in dict.fromkeys(button for combo in combos for button in combo):
            if name not in console.buttons:
                known = [button for button in console.buttons if button]
                raise UsageError(
                    f"The action set {self.name} holds a button {name!r}, and the {console.name} has none of that "
                    f"name; it has: {', '.join(known)}.{did_you_mean(name, known)}"
                )
        return ActionSpec("set", combos, self.name)


@cache
def action_sets() -> Mapping[str, ActionSet]:
    """All named sets."""
    found: dict[str, dict[str, Combos]] = {}
    for entry in parse(FILE)["sets"]:
        combos = _combos(entry["combos"])
        found.setdefault(entry["name"], {}).update(dict.fromkeys(entry["consoles"], combos))
    return {name: ActionSet(name, tuple(combos.items())) for name, combos in found.items()}


def find_action_set(name: str) -> ActionSet:
    """Return the set called ``name``.

    Raises:
        NotFoundError: there is none.
    """
    known = action_sets()
    if name not in known:
        raise NotFoundError(
            f"There is no action set {name!r}; there are: {', '.join(known)}.{did_you_mean(name, known)}"
        )
    return known[name]


def resolved(spec: ActionSpec, console: Console) -> ActionSpec:
    """Return an action spec for a console: a named set with its combinations, all others unchanged.

    Args:
        spec: the action spec.
        console: console of the level.

    Returns:
        A spec that has combinations if its kind needs them. If the named set has none for this console, the general
            set
        is taken, with its ``name``.

    Raises:
        NotFoundError: there is no set of this name.
        UsageError: no set has combinations for the console.
    """
    if spec.name is None or spec.combos:
        return spec
    found = find_action_set(spec.name).on(console) or find_action_set(GENERAL).on(console)
    if found is None:
        raise UsageError(
            f"No action set is known for the {console.name}; write one down and name it with --actions FILE."
        )
    return found


def read_action_set(path: Path) -> ActionSet:
    """Read a user's own set.

    Args:
        path: a JSON file with a list of combinations, each a list of button names, or with an object of such lists by
            console; or a TOML file with such lists by console. ``combos`` stands for every console.

    Raises:
        UsageError: there is no such file, or it is invalid; the message says why.
    """
    try:
        content = parse(path, MAX_FILE_BYTES)
        by_console = content if isinstance(content, dict) else {ANY_CONSOLE: content}
        if not by_console:
            raise ValueError("it holds no combinations")
        for name in by_console:
            if name not in (ANY_CONSOLE, *consoles()):
                raise ValueError(f"there is no console {name!r}.{did_you_mean(name, consoles())}")
        return ActionSet(path.name, tuple((name, _combos(combos)) for name, combos in by_console.items()))
    except OSError as error:
        raise UsageError(f"The action set {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f'{path} is no action set ({error}); write a list such as [["LEFT"], ["RIGHT"], ["RIGHT", "B"], []].'
        ) from error


def _combos(content: object) -> Combos:
    """Return combinations from lists in JSON or TOML.

    Raises:
        ValueError: they are not lists of button names, or too many.
    """
    if not isinstance(content, Sequence) or isinstance(content, str) or not 1 <= len(content) <= MAX_COMBOS:
        raise ValueError(f"a set is a list of 1 to {MAX_COMBOS:,} combinations")
    for combo in content:
        if not isinstance(combo, list | tuple) or not all(isinstance(name, str) for name in combo):
            raise ValueError(f"a combination is a list of buttons' names, not {combo!r}")
    return tuple(tuple(combo) for combo in content)
