"""The keys of a person: one file that a window and a browser read, and that a page of the browser changes.

The file holds only what differs from the defaults (``games.layout``, ``session.commands``), as::

    [commands.keyboard]
    pause = ["KeyP", "Space"]

    [Genesis.gamepad]
    A = "X"

An action that is not named keeps its defaults, except for those that another one now has. Where a button and a command
have the same key, it is the button's.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newgameplus.durable import write_atomically
from newgameplus.emulator.cores import Console, consoles
from newgameplus.errors import UsageError, did_you_mean
from newgameplus.games.files import read_text
from newgameplus.games.folders import home
from newgameplus.games.key_codes import CONTROLS, SCANCODES, is_key
from newgameplus.games.layout import Binding, layout_of
from newgameplus.session.commands import ACTIONS, Action, Request

COMMANDS = "commands"
"""Scope of the commands; every other scope is a console's name."""
KEYBOARD, GAMEPAD = "keyboard", "gamepad"
MAX_BYTES = 2**16
_HEAD = """\
# Keys of New Game Plus, read by ngp play and ngp play --web; only what differs from the defaults.
# Keys are named by their place on a US keyboard, as KeyboardEvent.code is in browsers.
"""

Names = tuple[str, ...]
Changes = Mapping[tuple[str, str], Mapping[str, Names]]
"""Scope and device, to action, to the names of keys or of a controller's parts."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a person has changed."""

    changes: Changes = field(default_factory=dict)

    def layout(self, console: Console) -> tuple[Binding, ...]:
        """Return the bindings of a console's buttons."""
        defaults = layout_of(console.buttons)
        keys = self._resolved(console.name, KEYBOARD, {each.button: each.keys for each in defaults})
        controls = self._resolved(console.name, GAMEPAD, {each.button: each.controls for each in defaults})
        return tuple(Binding(each.button, each.bit, keys[each.button], controls[each.button]) for each in defaults)

    def actions(self, console: Console) -> tuple[Action, ...]:
        """Return the commands, without keys that are a button's."""
        keys = self._resolved(COMMANDS, KEYBOARD, {each.name: each.keys for each in ACTIONS})
        controls = self._resolved(COMMANDS, GAMEPAD, {each.name: each.controls for each in ACTIONS})
        buttons = self.layout(console)
        held = {name for each in buttons for name in (*each.keys, *each.controls)}
        return tuple(
            each._replace(keys=_without(keys[each.name], held), controls=_without(controls[each.name], held))
            for each in ACTIONS
        )

    def with_change(self, console: Console, scope: str, device: str, action: str, names: Names) -> Keys:
        """Return these keys after an action of a console or a command gets others, which their owners then lose.

        Raises:
            UsageError: there is no such scope, device, action or key.
        """
        checked = _checked(device, names, has_modifiers=scope == COMMANDS)
        changes = {place: dict(changed) for place, changed in self.changes.items()}
        for owner, name, owned in self._owned(console, device):
            if (owner, name) != (scope, action) and set(owned) & set(checked):
                changes.setdefault((owner, device), {})[name] = _without(owned, set(checked))
        _known(scope, device, action)
        changes.setdefault((scope, device), {})[action] = checked
        return Keys(changes)

    def without(self, console: Console) -> Keys:
        """Return these keys with the defaults for a console and for the commands."""
        return Keys({place: names for place, names in self.changes.items() if place[0] not in (console.name, COMMANDS)})

    def write(self, path: Path) -> None:
        """Write the file; where everything is as by default, there is none.

        Raises:
            UsageError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.changes:
                write_atomically(path, _text(self.changes))
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"The keys cannot be written to {path}: {error.strerror}.") from error

    def _owned(self, console: Console, device: str) -> Iterator[tuple[str, str, Names]]:
        """Scope, action and names of all that a console and the commands have of a device."""
        for button in self.layout(console):
            yield console.name, button.button, button.keys if device == KEYBOARD else button.controls
        for action in self.actions(console):
            yield COMMANDS, action.name, action.keys if device == KEYBOARD else action.controls

    def _resolved(self, scope: str, device: str, defaults: Mapping[str, Names]) -> dict[str, Names]:
        changed = self.changes.get((scope, device), {})
        taken = {name for names in changed.values() for name in names}
        return {action: changed.get(action, _without(names, taken)) for action, names in defaults.items()}


def key_of(actions: tuple[Action, ...], request: Request) -> str:
    """Name of the first key that gives a request; empty if none does."""
    return next((name for each in actions if each.request == request for name in each.keys), "")


def keys_file() -> Path:
    """The file, which need not exist."""
    return home() / "keys.toml"


def read_keys(path: Path) -> Keys:
    """Read the file; the defaults if there is none.

    Raises:
        UsageError: it cannot be read; the message names line and key.
    """
    try:
        text = read_text(path, MAX_BYTES)
        content = tomllib.loads(text)
    except FileNotFoundError:
        return Keys()
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"The keys in {path} cannot be read: {error}; correct the file or delete it.") from error
    changes: dict[tuple[str, str], dict[str, Names]] = {}
    owners: dict[tuple[str, str, str], str] = {}
    for scope, device, action, value in _entries(content):
        try:
            _known(scope, device, action)
            names = _checked(device, _listed(value), has_modifiers=scope == COMMANDS)
            for name in names:
                owner = owners.setdefault((scope, device, name), action)
                if owner != action:
                    raise UsageError(f"{name} is given to {owner} already.")
        except UsageError as error:
            where = _line(text, scope, device, action)
            named = ".".join(filter(None, (scope, device, action)))
            raise UsageError(f"The keys in {path} are wrong{where}, {named}: {error}") from error
        changes.setdefault((scope, device), {})[action] = names
    return Keys(changes)


def _entries(content: Mapping[str, object]) -> Iterator[tuple[str, str, str, object]]:
    """Scope, device, action and value of each entry; empty names where a table is missing."""
    for scope, devices in content.items():
        if not isinstance(devices, dict):
            yield scope, "", "", devices
            continue
        for device, actions in devices.items():
            if not isinstance(actions, dict):
                yield scope, device, "", actions
                continue
            for action, value in actions.items():
                yield scope, device, action, value


def _known(scope: str, device: str, action: str) -> None:
    """Check that there is such an action."""
    scopes = {console: [name for name in found.buttons if name] for console, found in consoles().items()}
    actions = {COMMANDS: [each.name for each in ACTIONS], **scopes}.get(scope)
    if actions is None:
        raise UsageError(f"{scope} is neither a console nor {COMMANDS}.{did_you_mean(scope, [COMMANDS, *scopes])}")
    if device not in (KEYBOARD, GAMEPAD):
        raise UsageError(f"{device or 'this'} is neither {KEYBOARD} nor {GAMEPAD}.")
    if action not in actions:
        raise UsageError(f"there is no {action or 'such action'}; there are {', '.join(actions)}.")


def _listed(value: object) -> Names:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError("this must be a name or a list of names.")
    return tuple(dict.fromkeys(names))


def _checked(device: str, names: Names, *, has_modifiers: bool) -> Names:
    for name in names:
        if device == GAMEPAD:
            if name not in CONTROLS:
                raise UsageError(f"a controller has no {name[:40]!r}; it has {', '.join(CONTROLS)}.")
        elif not is_key(name):
            raise UsageError(f"there is no key {name[:40]!r}.{did_you_mean(name, SCANCODES)}")
        elif "+" in name and not has_modifiers:
            raise UsageError(f"a button is held by one key, not by {name}.")
    return names


def _without(names: Names, others: set[str]) -> Names:
    return tuple(name for name in names if name not in others)


def _line(text: str, scope: str, device: str, action: str) -> str:
    """Where an entry is in the file, as far as lines tell."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = re.sub(r"[\s\"']", "", head[1])
        entry = re.sub(r"[\s\"']", "", line.partition("=")[0]).strip("[]")
        here = f"{table}.{entry}" if table and not head else entry
        if here == ".".join(filter(None, (scope, device, action))):
            return f" in line {number}"
    return ""


def _text(changes: Changes) -> str:
    """The file's content."""
    lines = [_HEAD]
    for (scope, device), actions in sorted(changes.items()):
        lines.append(f"[{json.dumps(scope)}.{device}]" if not scope.isidentifier() else f"[{scope}.{device}]")
        for action, names in sorted(actions.items()):
            key = action if re.fullmatch(r"[\w-]+", action, re.ASCII) else json.dumps(action)
            lines.append(f"{key} = [{', '.join(map(json.dumps, names))}]")
        lines.append("")
    return "\n".join(lines)
