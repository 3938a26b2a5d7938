"""An agent's state as one file that holds every number exactly and in which nothing can be executed.

The file is in the safetensors format: the arrays are its tensors, named ``0``, ``1``, …, and the tree around them
is JSON in its metadata. In that JSON a dict is ``{"map": {…}}``, an array ``{"array": "0"}`` and a float that JSON
cannot write ``{"float": "nan"}``; everything else stands for itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
from safetensors.numpy import save as arrays_to_bytes

from newgameplus.durable import write_atomically
from newgameplus.errors import NotFoundError, StateError
from newgameplus.types import Array, State

_FORMAT = "newgameplus-state-1"
_DTYPES = frozenset("?bhilqBHILQefd")
"""The numpy type codes that a state may hold: bool, whole numbers and floats of up to 64 bits."""


def save_state(path: Path, state: State) -> None:
    """Write ``state`` to ``path`` in one step; a killed process leaves the old file or the new one.

    Raises:
        StateError: the state holds something other than dicts with string keys, lists, JSON scalars and numpy
            arrays of bool, whole numbers or floats.
        OSError: the folder is missing, not writable or full; the old file is then untouched.
    """
    arrays: dict[str, Array] = {}
    tree = json.dumps(_encode(state, arrays, "state"), allow_nan=False, separators=(",", ":"))
    write_atomically(path, arrays_to_bytes(arrays, {"format": _FORMAT, "tree": tree}))


def load_state(path: Path) -> State:
    """Return what ``save_state`` wrote to ``path``; arrays are new and may be written to.

    No more memory is taken than a few times the size of the file.

    Raises:
        NotFoundError: there is no such file.
        StateError: the file is damaged or is not a saved state.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no saved state at {path}.")
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise ValueError(f"it is not in the format {_FORMAT}")
            tree = json.loads(metadata["tree"], parse_constant=_refuse)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        state = _decode(tree, arrays)
        if not isinstance(state, dict):
            raise ValueError("its tree does not begin with a map")
    except (
        safetensors.SafetensorError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise StateError(f"{path} is not a saved state or is damaged ({error}); delete it to begin anew.") from None
    return state


def _encode(node: object, arrays: dict[str, Array], where: str) -> object:
    """Return ``node`` as JSON types and collect its arrays."""
    if isinstance(node, float) and not math.isfinite(node):
        return {"float": str(float(node))}
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    if isinstance(node, np.ndarray):
        name = str(len(arrays))
        arrays[name] = _contiguous(node, where)
        return {"array": name}
    if isinstance(node, list):
        return [_encode(inner, arrays, f"{where}[{index}]") for index, inner in enumerate(node)]
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                raise StateError(f"A saved state has strings as keys, but {where} has {key!r}.")
        return {"map": {key: _encode(inner, arrays, f"{where}.{key}") for key, inner in node.items()}}
    raise StateError(f"A state cannot hold a {type(node).__name__}, as {where} does; use JSON types or arrays.")


def _contiguous(array: Array, where: str) -> Array:
    """Return the array in native byte order and C order, which safetensors takes for granted unchecked."""
    native = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
    if native.dtype.char not in _DTYPES:
        raise StateError(f"A state cannot hold an array of {array.dtype}, as {where} does; use numbers.")
    return native


def _decode(node: object, arrays: Mapping[str, Array]) -> Any:
    if isinstance(node, list):
        return [_decode(inner, arrays) for inner in node]
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "map":
        return {key: _decode(inner, arrays) for key, inner in content.items()}
    if kind == "array":
        return arrays[content]
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    raise ValueError(f"its tree has a node of unknown kind {kind!r}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"its tree holds {constant}, which is not JSON")
