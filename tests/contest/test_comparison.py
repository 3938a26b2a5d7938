"""Agents compared over levels: golden numbers by hand, and the same as scipy and rliable say."""

import numpy as np
import pytest

from newgameplus.contest.comparison import (
    NUM_POINTS,
    carried,
    difference,
    holm,
    improvement,
    interquartile_interval,
    learning_curve,
    optimality_gap,
    performance_profile,
    profile_band,
    zone_interval,
    zone_of,
)
from newgameplus.contest.scores import clustered_interval, interquartile_mean, sign_flip_is_exact

LEVELS = ("G/Mesa.Act1", "G/Mesa.Act2", "G/Oasis.Act1")
OURS = ((10.0, 20.0), (30.0, 30.0), (5.0, 50.0))
THEIRS = ((15.0, 15.0), (30.0, 10.0), (60.0, 70.0))


def test_a_zone_is_the_name_before_the_first_dot():
    assert [zone_of(level) for level in ("G/Mesa.Act1", "Mesa.Act1", "G/Level1")] == ["G/Mesa", "Mesa", "G/Level1"]


def test_the_interval_resamples_zones_with_all_their_levels():
    values = [0.0, 1000.0, 5000.0]
    of_zones = zone_interval(("Mesa.Act1", "Oasis.Act1", "Mine.Act1"), values)
    twice = [f"{zone}.Act{act}" for zone in ("Mesa", "Oasis", "Mine") for act in (1, 2)]
    assert zone_interval(twice, np.repeat(values, 2).tolist()) == of_zones
    assert zone_interval(("Mesa.Act1", "Mesa.Act2"), values[:2]) is None


def test_an_interval_covers_the_mean_of_other_zones_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    levels = [f"Zone{number}.Act1" for number in range(30)]
    found = [zone_interval(levels, random.normal(size=30).tolist()) for _ in range(200)]
    covered = np.mean([ends is not None and ends[0] < 0 < ends[1] for ends in found])
    assert 0.88 < covered < 0.99


def test_a_paired_difference_by_hand():
    found = difference(LEVELS, OURS, THEIRS)  # 15 - 15, 30 - 20, 27.5 - 65
    assert found.mean == pytest.approx(-27.5 / 3)
    assert found.p == 1.0  # all signs of 0, 10 and -37.5 give at least 27.5
    assert found.is_exact
    assert found.interval == clustered_interval([[0.0, 10.0], [-37.5]])


def test_more_than_sixteen_differences_are_drawn():
    assert sign_flip_is_exact(16)
    assert not sign_flip_is_exact(17)


def test_p_values_are_adjusted_as_holm_says():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_probability_of_improvement_by_hand():
    # Mesa 1: (10, 20) against 15: half. Mesa 2: 30 ties with 30 and beats 10: 3/4. Oasis: never.
    assert improvement(OURS, THEIRS).tolist() == [0.5, 0.75, 0.0]
    assert (improvement(OURS, THEIRS) + improvement(THEIRS, OURS)).tolist() == [1.0, 1.0, 1.0]


def test_an_optimality_gap_by_hand_counts_no_more_than_the_optimum():
    assert optimality_gap(OURS, 30.0).tolist() == [15.0, 0.0, 12.5]


def test_a_performance_profile_by_hand():
    profile = performance_profile(OURS, np.array([0.0, 10.0, 30.0]))
    assert profile.tolist() == [[1.0, 0.5, 0.0], [1.0, 1.0, 0.0], [1.0, 0.5, 0.5]]
    low, high = profile_band(LEVELS, profile)
    assert low.tolist() == [1.0, 0.5, 0.0]  # the draws of a zone alone: Oasis, and Mesa
    assert high.tolist() == [1.0, 0.75, 0.5]
    assert profile_band(LEVELS[:2], profile[:2]) is None


def test_the_interquartile_interval_is_that_of_whole_zones_drawn_again():
    random = np.random.default_rng(1)
    levels = [f"Zone{number % 6}.Act{number}" for number in range(12)]
    scores = [random.normal(100, 20, size=3).tolist() for _ in levels]
    low, high = interquartile_interval(levels, scores)
    names = [zone_of(level) for level in levels]
    by_zone = [
        [x for name, runs in zip(names, scores, strict=True) if name == zone for x in runs] for zone in set(names)
    ]
    drawn = [interquartile_mean([x for zone in random.integers(6, size=6) for x in by_zone[zone]]) for _ in range(2000)]
    assert low < interquartile_mean([x for runs in scores for x in runs]) < high
    assert (low, high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]).tolist(), abs=1.5)
    assert interquartile_interval(["Mesa.Act1"], [[1.0, 2.0]]) is None


def test_a_point_of_a_curve_is_the_mean_of_the_episodes_that_ended_shortly_before():
    episodes = [(100, 1.0), (50, 3.0), (10, 5.0), (800, 7.0), (40, 9.0)]  # ends: 100, 150, 160, 960, 1000
    points = learning_curve(episodes, 1000)
    assert len(points) == NUM_POINTS
    assert [points[at] for at in (3, 5, 6, -1)] == [1.0, 2.0, 3.0, 8.0]
    assert np.isnan(points[[0, 11]]).all()
    filled = carried(points)
    assert np.isnan(filled[0])
    assert filled[11] == filled[20] == 5.0


@pytest.mark.nightly
def test_the_definitions_are_those_of_rliable():
    metrics = pytest.importorskip("rliable.metrics", reason="rliable is not installed")
    library = pytest.importorskip("rliable.library")
    random = np.random.default_rng(2)
    ours, theirs = random.normal(5000, 2000, size=(2, 7, 3))  # [levels, seeds]; rliable has [runs, tasks]
    assert interquartile_mean(ours.ravel().tolist()) == pytest.approx(metrics.aggregate_iqm(ours.T))
    assert optimality_gap(ours.tolist(), 6000).mean() == pytest.approx(metrics.aggregate_optimality_gap(ours.T, 6000))
    probability = metrics.probability_of_improvement(ours.T, theirs.T)
    assert improvement(ours.tolist(), theirs.tolist()).mean() == pytest.approx(probability)
    thresholds = np.linspace(0, 10_000, 21)
    profile = [library.run_score_deviation(ours.T, threshold) for threshold in thresholds]
    assert performance_profile(ours.tolist(), thresholds).mean(0) == pytest.approx(profile)
