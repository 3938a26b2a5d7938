"""The compiled engine, if it was built, with the types of its stub."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from newgameplus.errors import EmulatorError, IntegrationError

if TYPE_CHECKING:
    from newgameplus import _engine


class EngineModule(Protocol):
    """Contents of the module ``newgameplus._engine``; ``_engine.pyi`` has the signatures."""

    EngineError: type[_engine.EngineError]
    ScriptError: type[_engine.ScriptError]
    Blob: type[_engine.Blob]
    CoreSpec: type[_engine.CoreSpec]
    Console: type[_engine.Console]
    Judge: type[_engine.Judge]
    ScenarioProbe: type[_engine.ScenarioProbe]
    ObservationSpec: type[_engine.ObservationSpec]
    LaneSpec: type[_engine.LaneSpec]
    Snapshot: type[_engine.Snapshot]
    Engine: type[_engine.Engine]


@functools.cache
def engine() -> EngineModule | None:
    """The compiled engine, or None where it was not built."""
    try:
        return cast(EngineModule, importlib.import_module("newgameplus._engine"))
    except ImportError:
        return None


def required_engine() -> EngineModule:
    """The compiled engine.

    Raises:
        EmulatorError: it was not built.
    """
    module = engine()
    if module is None:
        raise EmulatorError(
            "The native engine is not built here: install a C++ compiler and run pip install again, "
            "or use the reference backend."
        )
    return module


@contextmanager
def in_words() -> Iterator[None]:
    """Translate the engine's exceptions into those of ``errors``."""
    try:
        yield
    except required_engine().ScriptError as error:
        raise IntegrationError(str(error)) from error
    except required_engine().EngineError as error:
        raise EmulatorError(str(error)) from error
