"""JERK's parts: which buttons it finds, how solutions rank, what a mutation does, how large a run's memory becomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.agents.jerk import mutation
from newgameplus.agents.jerk.agent import Jerk
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.jerk.explorer import Explorer, repeat_probability
from newgameplus.agents.jerk.mutation import COMBOS
from newgameplus.agents.moves import NUM_PRESSES
from newgameplus.errors import StateError, UsageError
from newgameplus.types import Step, WorldSpec

NES = ("B", None, "SELECT", "START", "UP", "DOWN", "LEFT", "RIGHT", "A")
ATARI = ("BUTTON", None, "SELECT", "RESET", "UP", "DOWN", "LEFT", "RIGHT")
PC_ENGINE = ("II", "III", "SELECT", "RUN", "UP", "DOWN", "LEFT", "RIGHT", "I", "IV", "V", "VI")
NOTHING_SEEN = np.zeros((1, 0), np.uint8)


def spec(buttons: tuple[str | None, ...]) -> WorldSpec:
    return WorldSpec(1, buttons, (0,), (len(buttons),))


def step(reward: float = 0.0, done: bool = False) -> Step:
    return Step(NOTHING_SEEN, np.array([reward]), np.array([done]), np.array([False]))


def buttons_used(config: JerkConfig, buttons: tuple[str | None, ...]) -> set[str | None]:
    agent, used = Jerk(config, spec(buttons), 0), set()
    for _ in range(400):
        used |= {buttons[index] for index in np.flatnonzero(agent.act(NOTHING_SEEN)[0])}
        agent.observe(step())
    return used


@pytest.mark.parametrize(("buttons", "jump"), [(NES, "B"), (ATARI, "BUTTON"), (PC_ENGINE, "II")])
def test_jump_is_b_or_the_first_action_button_of_a_console_without_b(
    buttons: tuple[str | None, ...], jump: str
) -> None:
    assert buttons_used(JerkConfig(), buttons) == {"LEFT", "RIGHT", jump}


def test_every_button_can_be_named() -> None:
    config = JerkConfig(forward="UP", backward="DOWN", jump="A")
    assert buttons_used(config, NES) == {"UP", "DOWN", "A"}


@pytest.mark.parametrize(
    ("config", "buttons", "complaint"),
    [
        (JerkConfig(), ("B", "UP", "LEFT"), "no button 'RIGHT'; it has: B, UP, LEFT"),
        (JerkConfig(jump="X"), NES, "no button 'X'"),
        (JerkConfig(), ("LEFT", "RIGHT", "START", None), "no button to jump with"),
        (JerkConfig(mutation="replace"), ("B", "LEFT", "RIGHT"), "no button 'DOWN'"),
    ],
)
def test_a_console_that_lacks_a_button_is_refused(
    config: JerkConfig, buttons: tuple[str | None, ...], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        Jerk(config, spec(buttons), 0)


def test_a_pad_without_down_suffices_where_nothing_crouches() -> None:
    assert buttons_used(JerkConfig(), ("B", "LEFT", "RIGHT")) == {"B", "LEFT", "RIGHT"}


def test_the_outcome_of_an_action_that_was_not_taken_is_refused() -> None:
    with pytest.raises(StateError, match="act"):
        Jerk(JerkConfig(), spec(NES), 0).observe(step())


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (JerkConfig(), 0.25 + 0.5),
        (JerkConfig(schedule="time-and-best", exploit_bias=0.12), 0.12 + 0.5 + 0.2),
        (JerkConfig(schedule="late", exploit_bias=0.0), (0.2 + 0.125) / 2),
    ],
)
def test_the_probability_of_a_repeat_is_the_published_one(config: JerkConfig, expected: float) -> None:
    assert repeat_probability(config, 0.5, 2_000.0) == pytest.approx(expected)


def test_a_mutation_keeps_a_gain_that_the_move_it_was_made_in_lost_again() -> None:
    explorer = Explorer(Jerk.PRESETS["mutating"], 1_000_000, np.random.default_rng(0))
    explorer.memory.add(b"\1", 1.0)
    rewards = [3.0, 0.0, 10.0, 0.0, -11.0]
    for number, reward in enumerate(rewards, start=1):
        explorer.press()
        explorer.observe(reward, number == len(rewards))
    _, kept = explorer.memory.sequences
    assert kept.returns == [13.0]
    assert len(kept.actions) == 3


def test_a_repeat_that_gets_beyond_its_solution_becomes_one_too_and_a_lucky_one_does_not() -> None:
    def play(length: int, rewards: list[float]) -> list[list[float]]:
        explorer = Explorer(replace(Jerk.PRESETS["returning"], exploit_bias=1.0), 1_000_000, np.random.default_rng(0))
        explorer.memory.add(bytes([1] * length), 5.0)
        for number, reward in enumerate(rewards, start=1):
            explorer.press()
            explorer.observe(reward, number == len(rewards))
        return [sequence.returns for sequence in explorer.memory.sequences]

    assert play(2, [3.0, 3.0, 0.0, 4.0, 0.0]) == [[5.0, 10.0], [10.0]]
    assert play(4, [3.0, 3.0, 0.0, 4.0, 0.0]) == [[5.0, 10.0]]
    assert play(2, [3.0, 2.0, 0.0, 0.05, 0.0]) == [[5.0, 5.05]]


def test_the_state_of_another_preset_in_the_middle_of_its_own_plan_is_refused() -> None:
    agent = Jerk(replace(Jerk.PRESETS["returning"], total_timesteps=1_000_000), spec(NES), 0)
    for done in (True, False):
        agent.act(NOTHING_SEEN)
        agent.observe(step(1.0, done))
    with pytest.raises(StateError, match="'return', which this configuration lacks"):
        Jerk(JerkConfig(), spec(NES), 0).restore(agent.state())


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("reach", 0, "steps"),
        ("candidates", 0, "solutions"),
        ("capacity", 0, "solutions"),
        ("fresh_share", 1.5, "between 0 and 1"),
        ("further_ratio", -1.0, "0 or more"),
    ],
)
def test_a_setting_out_of_range_is_refused(field: str, value: float, complaint: str) -> None:
    with pytest.raises(UsageError, match=f"{field}.*{complaint}"):
        replace(JerkConfig(), **{field: value})


sequences = st.binary(max_size=300).map(lambda content: bytes(byte % NUM_PRESSES for byte in content))


@given(sequence=sequences, seed=st.integers(0, 1_000))
def test_an_excision_takes_at_most_a_fifth_and_changes_nothing_else(sequence: bytes, seed: int) -> None:
    left = mutation.excise(sequence, np.random.default_rng(seed))
    num_gone = len(sequence) - len(left)
    assert num_gone <= len(sequence) // 5
    assert any(sequence[:begin] + sequence[begin + num_gone :] == left for begin in range(len(sequence) + 1))


@given(sequence=sequences, seed=st.integers(0, 1_000), rate=st.floats(0, 1))
def test_mutations_never_lengthen(sequence: bytes, seed: int, rate: float) -> None:
    for mutate in (mutation.truncate, mutation.replace):
        assert len(mutate(sequence, rate, np.random.default_rng(seed))) <= len(sequence)


@given(sequence=sequences, seed=st.integers(0, 1_000))
def test_a_trim_keeps_at_least_three_fifths_even_when_it_is_of_nothing(sequence: bytes, seed: int) -> None:
    """The original's trim of 0 steps deleted everything."""
    left = mutation.replace(sequence, 0.0, np.random.default_rng(seed))
    assert len(left) >= len(sequence) - 2 * (len(sequence) // 5)


def test_replacements_come_from_the_seven_combinations_and_grow_rarer_away_from_the_end() -> None:
    untouched = NUM_PRESSES - 1
    changed = np.zeros(90)
    for seed in range(2_000):
        left = mutation.replace(bytes([untouched] * 90), 0.5, np.random.default_rng(seed))
        assert set(left) <= {untouched, *COMBOS}
        changed[90 - len(left) :] += np.array([press != untouched for press in left])
    assert changed[-10:].sum() > 1.5 * changed[30:40].sum() > 0


def test_no_mutation_truncates_where_the_rate_is_0_and_each_does_at_once_where_it_is_1() -> None:
    sequence = bytes(10)
    assert any(mutation.truncate(sequence, 0.0, np.random.default_rng(seed)) == sequence for seed in range(9))
    assert len(mutation.truncate(sequence, 1.0, np.random.default_rng(0))) in (8, 9, 7)
