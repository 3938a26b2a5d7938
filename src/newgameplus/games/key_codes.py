"""Keys and parts of game controllers by name, independent of a window and of a browser.

Keys are named by their position, as a browser's ``KeyboardEvent.code`` names them (W3C, UI Events KeyboardEvent code
Values); parts of controllers as an Xbox controller names them, which is the browsers' standard mapping (W3C, Gamepad).
"""

from __future__ import annotations

import string

_FUNCTIONS = {f"F{number}": 57 + number for number in range(1, 13)} | {f"F{n}": 91 + n for n in range(13, 25)}
_NUMPAD = {f"Numpad{digit}": 88 + digit for digit in range(1, 10)} | {"Numpad0": 98, "NumpadDecimal": 99}
_MODIFIERS = {
    f"{name}{side}": 224 + 4 * at + place
    for at, side in enumerate(("Left", "Right"))
    for place, name in enumerate(("Control", "Shift", "Alt", "Meta"))
}
SCANCODES: dict[str, int] = {
    **{f"Key{letter}": 4 + at for at, letter in enumerate(string.ascii_uppercase)},
    **{f"Digit{digit}": 29 + digit for digit in range(1, 10)}, "Digit0": 39,
    "Enter": 40, "Escape": 41, "Backspace": 42, "Tab": 43, "Space": 44, "Minus": 45, "Equal": 46, "BracketLeft": 47,
    "BracketRight": 48, "Backslash": 49, "Semicolon": 51, "Quote": 52, "Backquote": 53, "Comma": 54, "Period": 55,
    "Slash": 56, "CapsLock": 57, **_FUNCTIONS, "PrintScreen": 70, "ScrollLock": 71, "Pause": 72, "Insert": 73,
    "Home": 74, "PageUp": 75, "Delete": 76, "End": 77, "PageDown": 78, "ArrowRight": 79, "ArrowLeft": 80,
    "ArrowDown": 81, "ArrowUp": 82, "NumLock": 83, "NumpadDivide": 84, "NumpadMultiply": 85, "NumpadSubtract": 86,
    "NumpadAdd": 87, "NumpadEnter": 88, **_NUMPAD, "IntlBackslash": 100, "ContextMenu": 101, "IntlRo": 135,
    "IntlYen": 137, **_MODIFIERS,
}  # fmt: skip
"""Number of each key in the USB usage tables (HID, page 7), which is SDL's scancode too."""
CONTROLS = (
    "A", "B", "X", "Y", "Left shoulder", "Right shoulder", "Left trigger", "Right trigger", "Back", "Start",
    "Left stick", "Right stick", "D-pad up", "D-pad down", "D-pad left", "D-pad right", "Guide",
)  # fmt: skip
"""Parts of a controller, in the order of the standard mapping's buttons."""
MODIFIERS = ("Control", "Alt", "Shift")
"""Keys that may stand before another, as in ``Control+KeyR``, in this order."""

_NAMES = {
    "Minus": "-", "Equal": "+", "BracketLeft": "[", "BracketRight": "]", "Backslash": "\\", "Semicolon": ";",
    "Quote": "'", "Backquote": "`", "Comma": ",", "Period": ".", "Slash": "/", "PageUp": "PgUp", "PageDown": "PgDn",
    "Escape": "Esc", "NumpadAdd": "Numpad +", "NumpadSubtract": "Numpad -", "NumpadMultiply": "Numpad *",
    "NumpadDivide": "Numpad /", "NumpadDecimal": "Numpad .", "NumpadEnter": "Numpad Enter", "Control": "Ctrl",
    "IntlBackslash": "< >",
}  # fmt: skip


def is_key(name: str) -> bool:
    """Whether ``name`` is a key's, or that of modifiers and a key, such as ``Control+KeyR``."""
    *before, key = name.split("+")
    return key in SCANCODES and before == [each for each in MODIFIERS if each in before]


def key_name(name: str) -> str:
    """Return what a person calls a key: ``Control+KeyR`` → ``Ctrl R``, ``ArrowUp`` → ``Up``."""
    return " ".join(_short(part) for part in name.split("+"))


def _short(code: str) -> str:
    if code in _NAMES:
        return _NAMES[code]
    for side in ("Left", "Right"):
        if code.endswith(side) and code.removesuffix(side) in ("Control", "Shift", "Alt", "Meta"):
            return f"{side} {_NAMES.get(code.removesuffix(side), code.removesuffix(side))}"
    for prefix in ("Key", "Digit", "Arrow"):
        if code.startswith(prefix):
            return code.removeprefix(prefix)
    return f"Numpad {code[-1]}" if code.startswith("Numpad") else code
