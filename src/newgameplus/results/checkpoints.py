"""An agent's state as one file that is exact and cannot execute code.

The file is in the safetensors format: the arrays are its tensors, named ``0``, ``1``, …, and the tree around them
is JSON in its metadata. In that JSON a dict is ``{"map": {…}}``, an array ``{"array": "0"}`` and a float that JSON
cannot write ``{"float": "nan"}``; everything else stands for itself.

The metadata also holds the CRC-32 of the whole file, header included, as it is with eight zeros in the checksum's
place. It detects every single flipped bit and all but one in 2**32 other damages; sha256 costs a second per gigabyte
where the processor has no instructions for it. Files of version 0.1 have no checksum.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
from safetensors.numpy import save as arrays_to_bytes

from newgameplus.durable import write_atomically
from newgameplus.errors import NotFoundError, StateError
from newgameplus.types import Array, State

_FORMAT = "newgameplus-state-2"
_FORMAT_OF_0_1 = "newgameplus-state-1"
_NO_CHECKSUM = "00000000"
_CHECKSUM = re.compile(rb'"crc32":"([0-9a-f]{8})"')
"""The checksum in the header; inside of a JSON string, as the tree is one, its quotes would have backslashes."""
_CHUNK_BYTES = 2**20
_DTYPES = frozenset("?bhilqBHILQefd")
"""Numpy type codes that a state may hold: bool, integers and floats of up to 64 bits."""


def save_state(path: Path, state: State) -> None:
    """Write ``state`` to ``path`` atomically; a killed process leaves the old file or the new one.

    Raises:
        StateError: the state holds something other than dicts with string keys, lists, JSON scalars and numpy arrays
            of bool, integers or floats.
        OSError: the folder is missing, not writable or full; the old file is then untouched.
    """
    arrays: dict[str, Array] = {}
    tree = json.dumps(_encode(state, arrays, "state"), allow_nan=False, separators=(",", ":"))
    content = arrays_to_bytes(arrays, {"format": _FORMAT, "tree": tree, "crc32": _NO_CHECKSUM})
    write_atomically(path, _with_checksum(content))


def load_state(path: Path) -> State:
    """Return what ``save_state`` wrote to ``path``; the arrays are new and writable.

    Memory use is limited to a few times the size of the file.

    Raises:
        NotFoundError: there is no such file.
        StateError: the file is damaged or is not a saved state.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no saved state at {path}.")
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            _check_format(path, metadata)
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


def peek_state(path: Path) -> State:
    """Return the tree of a saved state with empty arrays, without reading these: what is not an array, quickly.

    Raises:
        StateError: the file is missing, damaged or not a saved state.
    """
    try:
        with safetensors.safe_open(path, "numpy") as file:
            tree = json.loads((file.metadata() or {})["tree"], parse_constant=_refuse)
            arrays = {name: np.zeros(0) for name in file.keys()}  # noqa: SIM118 - not a dict
        state = _decode(tree, arrays)
    except (OSError, safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise StateError(f"{path} is not a saved state or is damaged ({e}).") from None
    return state if isinstance(state, dict) else {}


def _with_checksum(content: bytes) -> list[bytes | memoryview]:
    """Return a file's content in pieces, with its checksum in the place of the zeros; large ones are not copied."""
    found = _CHECKSUM.search(content, 0, 8 + int.from_bytes(content[:8], "little"))
    if found is None:
        raise AssertionError("The header has no place for a checksum.")
    view, checksum = memoryview(content), f"{zlib.crc32(content):08x}"
    return [view[: found.start(1)], checksum.encode(), view[found.end(1) :]]


def _check_format(path: Path, metadata: Mapping[str, str]) -> None:
    if metadata.get("format") == _FORMAT_OF_0_1 and metadata.keys() == {"format", "tree"}:
        return
    if metadata.get("format") != _FORMAT:
        raise ValueError(f"it is not in the format {_FORMAT}")
    with path.open("rb") as file:
        length = file.read(8)
        header = file.read(int.from_bytes(length, "little"))
        found = _CHECKSUM.findall(header)
        if len(found) != 1:
            raise ValueError("its header has no checksum")
        blank = _CHECKSUM.sub(f'"crc32":"{_NO_CHECKSUM}"'.encode(), header)
        checksum = zlib.crc32(blank, zlib.crc32(length))
        while chunk := file.read(_CHUNK_BYTES):
            checksum = zlib.crc32(chunk, checksum)
    if f"{checksum:08x}".encode() != found[0]:
        raise ValueError("its checksum does not agree with its content")


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
    """Return the array in native byte order and C order, which safetensors assumes without checking."""
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
