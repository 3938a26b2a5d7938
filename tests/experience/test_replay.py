"""The replay buffer against a list of everything that happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.replay import ReplayBuffer
from newgameplus.types import Array, Step

SIDE, STACK, DISCOUNT = 2, 3, 0.5


class Diary:
    """Plays made-up episodes whose frames count up, and remembers every transition as it ought to be drawn."""

    def __init__(self, num_rows: int, num_steps: int, seed: int, stack: int = STACK) -> None:
        self.random = np.random.default_rng(seed)
        self.stack = stack
        self.num_rows, self.num_steps = num_rows, num_steps
        self.frame = 0
        self.stacks = [self._begin() for _ in range(num_rows)]
        self.episodes: list[list[list[Any]]] = [[[]] for _ in range(num_rows)]

    def _begin(self) -> list[int]:
        self.frame += 1
        return [self.frame % 251] * self.stack

    def observation(self) -> Array:
        return np.stack([_picture(stack) for stack in self.stacks])

    def play(self, buffer: ReplayBuffer, ends: bool = False, **further: bool) -> None:
        observation, action = self.observation(), self.random.integers(0, 5, self.num_rows)
        reward = self.random.integers(-3, 9, self.num_rows).astype(float)
        terminated, truncated = (self.random.random(self.num_rows) < 0.15 for _ in range(2))
        terminated |= ends
        final = {}
        for row in range(self.num_rows):
            before = self.stacks[row]
            self.frame += 1
            after = [*before[1:], self.frame % 251]
            self.episodes[row][-1].append([before, int(action[row]), reward[row], after, bool(terminated[row])])
            self.stacks[row] = after
            if terminated[row] or truncated[row]:
                final[row] = _picture(after)
                self.stacks[row] = self._begin()
                self.episodes[row].append([])
        step = Step(self.observation(), reward, terminated, truncated, final)
        buffer.add(observation, action, reward, step, **further)

    def transitions(self) -> set[tuple[Any, ...]]:
        """Every transition that has all its steps behind it: stack, action, reward, factor, next stack (after a
        termination its own)."""
        found = set()
        for row in self.episodes:
            for number, episode in enumerate(row):
                is_over = number < len(row) - 1
                for start in range(len(episode)):
                    part = episode[start : start + self.num_steps]
                    if len(part) < self.num_steps and not is_over:
                        continue
                    value = sum(step[2] * DISCOUNT**place for place, step in enumerate(part))
                    factor = 0.0 if part[-1][4] else DISCOUNT ** len(part)
                    found.add((*part[0][0], part[0][1], value, factor, *(part[-1][3] if factor else part[0][0])))
        return found


def _picture(stack: list[int]) -> Array:
    return np.broadcast_to(np.array(stack, np.uint8), (SIDE, SIDE, len(stack)))


def drawn(buffer: ReplayBuffer, num: int = 4000) -> set[tuple[Any, ...]]:
    batch = buffer.draw(num, 0.4, np.random.default_rng(0))
    stacks, after = batch.observation[:, 0, 0].tolist(), batch.next_observation[:, 0, 0].tolist()
    return {
        (*stack, action, reward, factor, *later)
        for stack, action, reward, factor, later in zip(
            stacks, batch.action.tolist(), batch.reward.tolist(), batch.factor.tolist(), after, strict=True
        )
    }


def buffer_for(diary: Diary, capacity: int, folder: Path | None = None) -> ReplayBuffer:
    shape = (SIDE, SIDE, diary.stack)
    return ReplayBuffer(capacity, diary.num_rows, shape, n_step=diary.num_steps, discount=DISCOUNT, folder=folder)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), num_rows=st.integers(1, 3), num_steps=st.integers(1, 4))
def test_what_is_drawn_is_what_happened_and_all_of_it(seed: int, num_rows: int, num_steps: int) -> None:
    diary = Diary(num_rows, num_steps, seed)
    buffer = buffer_for(diary, 1000)
    for _ in range(40):
        diary.play(buffer)
    expected = diary.transitions()
    # An episode whose limit was just met waits for nothing; one that goes on waits for the frame n steps ahead.
    assert drawn(buffer) <= expected
    assert len(drawn(buffer)) >= len(expected) - num_rows


@pytest.mark.parametrize("stack", [1, 2, 6, 8])
def test_stacks_of_any_number_of_frames_are_assembled(stack: int) -> None:
    diary = Diary(2, 2, stack, stack)
    buffer = buffer_for(diary, 1000)
    for _ in range(40):
        diary.play(buffer)
    assert drawn(buffer) <= diary.transitions()
    assert len(drawn(buffer)) >= len(diary.transitions()) - 2


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), num_steps=st.integers(1, 3), stack=st.integers(1, 4))
def test_what_is_kept_stays_for_good_while_the_rest_goes_round(seed: int, num_steps: int, stack: int) -> None:
    diary = Diary(2, num_steps, seed, stack)
    buffer = buffer_for(diary, 100)
    for _ in range(19):
        diary.play(buffer, is_demonstration=True)
    diary.play(buffer, ends=True, is_demonstration=True)
    kept = drawn(buffer)
    buffer.keep()
    for _ in range(200):
        diary.play(buffer)
    batch = buffer.draw(4000, 0.4, np.random.default_rng(0))
    assert kept <= drawn(buffer) <= diary.transitions()
    assert len(buffer) == 100
    share = len(np.unique(batch.entries[batch.is_demonstration > 0])) / len(np.unique(batch.entries))
    assert 0.3 < share < 0.6


def test_what_leaves_no_room_for_more_is_not_kept() -> None:
    diary = Diary(1, 3, 0)
    buffer = buffer_for(diary, 40)
    for _ in range(40):
        diary.play(buffer)
    with pytest.raises(UsageError, match="cannot be kept in a row's 40"):
        buffer.keep()
    assert not buffer.state()["kept"].any()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), num_steps=st.integers(1, 3))
def test_a_full_buffer_holds_only_the_newest_and_nothing_half_overwritten(seed: int, num_steps: int) -> None:
    diary = Diary(2, num_steps, seed)
    buffer = buffer_for(diary, 60)
    for _ in range(200):
        diary.play(buffer)
    assert drawn(buffer) <= diary.transitions()
    assert len(buffer) == 60


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), num_steps=st.integers(1, 3))
def test_turns_given_row_by_row_are_those_given_together(seed: int, num_steps: int) -> None:
    together, apart = Diary(3, num_steps, seed), Diary(3, num_steps, seed)
    buffers = buffer_for(together, 200), buffer_for(apart, 200)
    for _ in range(40):
        together.play(buffers[0])
        apart.play(RowByRow(buffers[1]))  # type: ignore[arg-type]  # only add is called
    first, second = (buffer.state() for buffer in buffers)
    assert all(np.array_equal(first[name], second[name]) for name in first)


class RowByRow:
    """Adds the rows of each turn in three calls, the last row first."""

    def __init__(self, buffer: ReplayBuffer) -> None:
        self._buffer = buffer

    def add(self, observation: Array, action: Array, reward: Array, step: Step) -> None:
        for row in reversed(range(len(action))):
            part = slice(row, row + 1)
            final = {0: step.final_observation[row]} if row in step.final_observation else {}
            own = Step(step.observation[part], step.reward[part], step.terminated[part], step.truncated[part], final)
            self._buffer.add(observation[part], action[part], reward[part], own, [row])


def test_an_entry_of_ten_times_the_priority_is_drawn_about_ten_times_as_often() -> None:
    diary = Diary(1, 1, 0)
    buffer = ReplayBuffer(200, 1, (SIDE, SIDE, STACK), priority_alpha=1.0)
    for _ in range(50):
        diary.play(buffer)
    entries = np.unique(buffer.draw(2000, 0.4, np.random.default_rng(0)).entries)
    buffer.set_priorities(entries, np.where(entries == entries[7], 10.0, 1.0))
    batch = buffer.draw(5900, 1.0, np.random.default_rng(1))
    share = float((batch.entries == entries[7]).mean())
    assert share == pytest.approx(10 / (len(entries) + 9), rel=0.1)
    assert batch.weight[batch.entries == entries[7]][0] == pytest.approx(0.1, rel=1e-5)
    assert batch.weight.max() == 1


@pytest.mark.parametrize("has_files", [False, True])
def test_a_buffer_put_back_is_the_one_that_was_saved_whatever_was_written_since(
    has_files: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "replay" if has_files else None
    diary = Diary(2, 3, 5)
    buffer = buffer_for(diary, 100, folder)
    for number in range(90):
        diary.play(buffer, ends=number == 10)
        if number == 10:
            buffer.keep()
    state, before = buffer.state(), drawn(buffer)
    for _ in range(30):
        diary.play(buffer)
    assert drawn(buffer) != before
    again = buffer_for(diary, 100, folder)
    again.restore(state)
    assert drawn(again) == before


def test_a_buffer_of_another_size_is_refused() -> None:
    diary = Diary(1, 1, 0)
    with pytest.raises(StateError, match="another size"):
        buffer_for(diary, 100).restore(buffer_for(diary, 200).state())


def test_an_empty_or_tiny_buffer_says_so() -> None:
    with pytest.raises(UsageError, match="empty"):
        buffer_for(Diary(1, 1, 0), 100).draw(1, 0.4, np.random.default_rng(0))
    with pytest.raises(UsageError, match="too small"):
        buffer_for(Diary(4, 3, 0), 20)


def test_files_of_a_buffer_of_another_size_are_left_alone(tmp_path: Path) -> None:
    diary = Diary(1, 1, 0)
    buffer_for(diary, 100, tmp_path)
    size_bytes = (tmp_path / "frame.bin").stat().st_size
    with pytest.raises(StateError, match="another size"):
        buffer_for(diary, 200, tmp_path)
    assert (tmp_path / "frame.bin").stat().st_size == size_bytes
