"""Specifications as keywords of Gymnasium: the dataclass, its fields as JSON has them, or the name of a preset.

``EnvSpec.to_json`` turns the dataclasses among the keywords of an environment into objects, and ``EnvSpec.from_json``
leaves them as dicts; presets have names so that a specification can also be typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, EVERY_FRAME, FrameSkip
from newgameplus.errors import UsageError, did_you_mean
from newgameplus.fields import from_json
from newgameplus.games.action_sets import action_sets
from newgameplus.types import BUTTONS, NOTHING, PICTURE, WARPED, ActionSpec, ObservationSpec

Fields: TypeAlias = Mapping[str, Any]
"""A specification's fields by name, as JSON has them; fields with a default may be missing."""

OBSERVATIONS = {"picture": PICTURE, "warped": WARPED, "ram": ObservationSpec(kind="ram"), "nothing": NOTHING}
"""Observations by name."""
FRAME_SKIPS = {"contest": CONTEST_FRAME_SKIP, "every_frame": EVERY_FRAME}
"""Frame skips by name."""

Spec = TypeVar("Spec", ObservationSpec, ActionSpec, FrameSkip)


def observation_spec_of(given: ObservationSpec | Fields | str) -> ObservationSpec:
    """Return the ObservationSpec that ``given`` is, holds or names: ``picture``, ``warped``, ``ram`` or ``nothing``.

    Raises:
        UsageError: there is no such preset or field, or a value has another type.
    """
    return _spec_of(ObservationSpec, "observation_spec", given, OBSERVATIONS)


def action_spec_of(given: ActionSpec | Fields | str) -> ActionSpec:
    """Return the ActionSpec that ``given`` is, holds or names: ``buttons``, a kind, or a set such as ``sonic-7``.

    Raises:
        UsageError: there is no such preset, set or field, or a value has another type.
    """
    kinds: tuple[Literal["filtered", "discrete", "multi_discrete", "all"], ...]
    kinds = ("filtered", "discrete", "multi_discrete", "all")
    named = {"buttons": BUTTONS} | {kind: ActionSpec(kind) for kind in kinds}
    named |= {name: ActionSpec("set", name=name) for name in action_sets()}
    return _spec_of(ActionSpec, "action_spec", given, named)


def frame_skip_of(given: FrameSkip | Fields | str) -> FrameSkip:
    """Return the FrameSkip that ``given`` is, holds or names: ``contest`` or ``every_frame``.

    Raises:
        UsageError: there is no such preset or field, or a value has another type.
    """
    return _spec_of(FrameSkip, "frame_skip", given, FRAME_SKIPS)


def _spec_of(kind: type[Spec], keyword: str, given: Spec | Fields | str, presets: Mapping[str, Spec]) -> Spec:
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        if given not in presets:
            known = ", ".join(presets)
            raise UsageError(
                f"There is no {keyword} called {given!r}; there are: {known}.{did_you_mean(given, presets)}"
            )
        return presets[given]
    if not isinstance(given, Mapping):
        raise UsageError(f"{keyword} is a {kind.__name__}, its fields as a dict, or a name, not {given!r}.")
    try:
        return from_json(kind, dict(given))
    except ValueError as error:
        raise UsageError(f"{keyword} {dict(given)!r} is no {kind.__name__}: {error}.") from error
