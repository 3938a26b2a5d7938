"""A saved state comes back exactly, and nothing else comes in its place."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save_file

from newgameplus.errors import NotFoundError, StateError
from newgameplus.results.checkpoints import load_state, peek_state, save_state

PCG64 = np.random.default_rng(3).bit_generator.state


def same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, float):
        both_nan = math.isnan(left) and math.isnan(right)
        return both_nan or (type(right) is float and struct.pack("d", left) == struct.pack("d", right))
    return type(left) is type(right) and left == right


def roundtrip(path: Path, state: dict[str, Any]) -> dict[str, Any]:
    save_state(path, state)
    return load_state(path)


EXAMPLES: dict[str, Any] = {
    "floats": [math.nan, math.inf, -math.inf, -0.0, 0.1, 5e-324, 1.7976931348623157e308],
    "integers": [0, -1, 2**127 + 1, -(2**200), PCG64],
    "scalars": [None, True, False, "", 'a\0b\n"\\'],
    "unicode": {"größe": "ゲーム", "🎮": {"": 1}, "ñ́": "\u2028"},
    "nested": [[], {}, [[[]]], {"map": {"map": {}}}, {"array": "0"}, {"float": "nan"}],
    "empty arrays": [np.zeros(0, np.uint8), np.zeros((0, 3), np.float64), np.zeros((2, 0, 2), np.int64)],
    "no dimension": [np.array(3.5), np.array(True), np.array(-7, np.int8)],
    "bool": [np.array([True, False]), np.zeros((2, 2), bool)],
    "special": [np.array([math.nan, -0.0, math.inf]), np.array([2**64 - 1], np.uint64)],
    "orders": [np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(10)[::-2], np.arange(6).reshape(2, 3).T],
    "shared": [np.arange(3), np.arange(3)],
    "types": [np.ones(2, code) for code in "?bhilqBHILQefd"],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_saved_is_loaded(name: str, tmp_path: Path) -> None:
    state = {name: EXAMPLES[name], "after": 1}
    assert same(roundtrip(tmp_path / "state", state), state)


def test_other_byte_orders_come_back_as_the_machines_own(tmp_path: Path) -> None:
    loaded = roundtrip(tmp_path / "state", {"array": np.arange(3, dtype=">i4")})["array"]
    assert loaded.dtype == np.int32
    assert loaded.tolist() == [0, 1, 2]


def test_loaded_arrays_may_be_written_to(tmp_path: Path) -> None:
    loaded = roundtrip(tmp_path / "state", {"array": np.zeros(3)})["array"]
    loaded[:] = 1
    assert load_state(tmp_path / "state")["array"].tolist() == [0, 0, 0]


numbers = arrays.arrays(
    st.sampled_from([np.uint8, np.int64, np.float32, np.float64, np.bool_]), arrays.array_shapes(min_dims=0, min_side=0)
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | numbers
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(max_examples=40)
@given(state=st.dictionaries(st.text(), trees))
def test_every_tree_comes_back_exactly(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert same(roundtrip(tmp_path_factory.getbasetemp() / "state", state), state)


@pytest.mark.parametrize(
    ("node", "named"),
    [
        ((1, 2), "tuple"),
        ({1: 2}, "1"),
        (b"x", "bytes"),
        (np.int64(3), "int64"),
        (np.array(["x"]), "<U1"),
        (np.array([object()]), "object"),
        (np.array([1j]), "complex128"),
        (np.array(["2026-01-01"], "M8[D]"), "datetime64"),
        (print, "builtin"),
    ],
)
def test_what_is_no_state_is_refused_with_its_place(node: object, named: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=named) as caught:
        save_state(tmp_path / "state", {"rows": [0, {"deep": node}]})
    assert "state.rows[1].deep" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        load_state(tmp_path / "nowhere")


def test_a_state_that_cannot_be_saved_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save_state(path, {"old": 1})
    with pytest.raises(StateError):
        save_state(path, {"new": {1}})
    assert load_state(path) == {"old": 1}


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save_state(path, {"array": np.arange(20), "number": 1.5})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(StateError, match="damaged"):
            load_state(path)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_single_flipped_bit_is_noticed_header_and_tensors(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save_state(path, {"weights": np.ones(3, np.float32), "count": 1.5})
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(StateError, match="is not a saved state or is damaged"):
            load_state(path)
    path.write_bytes(whole)
    load_state(path)


def test_random_flipped_bits_of_a_large_state_are_noticed(tmp_path: Path) -> None:
    path, rng = tmp_path / "state", np.random.default_rng(1)
    save_state(path, {"weights": rng.normal(size=100_000), "counts": list(range(500))})
    whole = path.read_bytes()
    for bit in rng.integers(8 * len(whole), size=200).tolist():
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(StateError, match="damaged"):
            load_state(path)


def test_bytes_that_changed_places_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save_state(path, {"weights": np.arange(1000)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-16] + whole[-8:] + whole[-16:-8])
    with pytest.raises(StateError, match="checksum"):
        load_state(path)


def test_a_state_that_holds_text_like_a_checksum_comes_back(tmp_path: Path) -> None:
    state = {'"crc32":"00000000"': '"crc32":"12345678"', "crc32": "00000000"}
    assert roundtrip(tmp_path / "state", state) == state


def test_a_state_of_version_0_1_is_read(tmp_path: Path) -> None:
    path = with_tree(tmp_path / "state", '{"map":{"a":{"array":"0"},"b":{"float":"nan"}}}')
    assert same(load_state(path), {"a": np.arange(3), "b": math.nan})


def test_a_state_without_its_checksum_is_refused(tmp_path: Path) -> None:
    path = with_tree(tmp_path / "state", '{"map":{}}', "newgameplus-state-2")
    with pytest.raises(StateError, match="has no checksum"):
        load_state(path)


def with_tree(path: Path, tree: str, kind: str = "newgameplus-state-1") -> Path:
    save_file({"0": np.arange(3)}, path, {"format": kind, "tree": tree})
    return path


@pytest.mark.parametrize(
    "tree",
    [
        "",
        "{",
        "[]",
        "1",
        "{}",
        '{"array":"0"}',
        '{"map":[]}',
        '{"map":{"a":{"array":"1"}}}',
        '{"map":{"a":{"array":["0"]}}}',
        '{"map":{"a":{"float":"1e5"}}}',
        '{"map":{"a":{"call":"exit"}}}',
        '{"map":{},"array":"0"}',
        '{"map":{"a":NaN}}',
        '{"map":{"a":' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"map":{"a":' + "9" * 5_000 + "}}",
    ],
    ids=range(15),
)
def test_a_tree_that_no_state_has_is_refused(tree: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="damaged"):
        load_state(with_tree(tmp_path / "state", tree))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\3\4",
        b"\x80\x04cos\nsystem\n(S'exit 1'\ntR.",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 99)
        + json.dumps({"a": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 2**43]}}).encode(),
    ],
    ids=["empty", "zip", "pickle", "huge header", "no tensors", "huge tensor"],
)
def test_a_foreign_file_is_refused_without_taking_its_word_for_its_size(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(StateError, match="damaged"):
        load_state(path)


def test_another_programs_safetensors_and_another_version_are_refused(tmp_path: Path) -> None:
    save_file({"weight": np.zeros(3)}, tmp_path / "weights")
    for path in (tmp_path / "weights", with_tree(tmp_path / "next", '{"map":{}}', "newgameplus-state-3")):
        with pytest.raises(StateError, match="format newgameplus-state-2"):
            load_state(path)


def test_a_peek_shows_all_but_the_arrays(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    save_state(path, {"steps": 3, "agent": {"name": "ppo", "weights": np.ones(5, np.float32)}})
    seen = peek_state(path)
    assert (seen["steps"], seen["agent"]["name"], len(seen["agent"]["weights"])) == (3, "ppo", 0)
    for content in (b"", b"damaged" * 100):
        path.write_bytes(content)
        with pytest.raises(StateError, match="is not a saved state or is damaged"):
            peek_state(path)
    with pytest.raises(StateError):
        peek_state(tmp_path / "missing")
