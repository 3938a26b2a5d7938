"""From returns to scores, against numbers worked out by hand and against scipy."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.contest.scores import (
    RunScore,
    bootstrap_interval,
    clustered_interval,
    contest_score,
    interquartile_mean,
    sign_flip_p,
    summarize,
)

RETURNS = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=60)


def run(level="G/A", seed=0, returns=(1.0,), is_complete=True):
    return RunScore(level, seed, tuple(returns), 100, 400, 2.5, is_complete)


def test_a_summary_by_hand():
    summary = summarize([0.0, 10.0, 20.0, 70.0])
    assert (summary.mean, summary.median, summary.best, summary.interquartile_mean) == (25.0, 15.0, 70.0, 15.0)


def test_nothing_has_no_summary():
    assert summarize([]).as_json() == {"mean": None, "median": None, "best": None, "interquartile_mean": None}


@given(RETURNS)
def test_the_interquartile_mean_is_scipys_trimmed_mean(values):
    assert interquartile_mean(values) == pytest.approx(float(scipy.stats.trim_mean(values, 0.25)), abs=1e-6)


def test_the_interquartile_mean_of_nothing_is_refused():
    with pytest.raises(ValueError, match="not defined"):
        interquartile_mean([])


def test_one_seed_has_no_interval():
    assert bootstrap_interval([[3.0]]) is None
    assert bootstrap_interval([[3.0, 4.0], [5.0]]) is None
    assert bootstrap_interval([]) is None


def test_the_interval_agrees_with_scipys_bootstrap_of_one_level():
    scores = np.random.default_rng(1).normal(100, 20, size=12)
    low, high = bootstrap_interval([scores])
    theirs = scipy.stats.bootstrap(
        (scores,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert low == pytest.approx(theirs.low, abs=0.5)
    assert high == pytest.approx(theirs.high, abs=0.5)


def test_the_interval_is_the_same_every_time():
    assert bootstrap_interval([[1.0, 2.0, 4.0]]) == bootstrap_interval([[1.0, 2.0, 4.0]])


def test_levels_resample_their_own_seeds():
    low, high = bootstrap_interval([[0.0, 0.0], [100.0, 100.0]])
    assert low == high == 50.0


def test_the_clustered_interval_of_single_values_agrees_with_scipys_bca():
    values = np.random.default_rng(3).lognormal(5, 0.8, size=11)
    low, high = clustered_interval([[value] for value in values])
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=50_000, rng=np.random.default_rng(4)
    ).confidence_interval
    assert low == pytest.approx(theirs.low, rel=0.02)
    assert high == pytest.approx(theirs.high, rel=0.02)


def test_values_that_are_alike_within_clusters_say_less():
    values = np.random.default_rng(5).normal(100, 20, size=8)
    low, high = clustered_interval([[value, value] for value in values])
    alone_low, alone_high = clustered_interval([[value] for value in values])
    assert (low, high) == pytest.approx((alone_low, alone_high))
    wrong_low, wrong_high = clustered_interval([[value] for value in [*values, *values]])
    assert wrong_high - wrong_low < 0.8 * (high - low)


def test_one_cluster_has_no_interval():
    assert clustered_interval([[1.0, 2.0]]) is None


def test_equal_values_have_an_interval_of_no_width():
    assert clustered_interval([[3.0], [3.0], [3.0]]) == (3.0, 3.0)


@given(st.lists(st.integers(-100, 100), min_size=2, max_size=9))
def test_the_sign_flip_p_is_that_of_scipys_permutation_test(differences):
    theirs = scipy.stats.permutation_test(
        (differences, np.zeros(len(differences))),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    assert sign_flip_p(differences) == pytest.approx(theirs.pvalue, abs=1e-9)


def test_the_sign_flip_p_of_many_differences_is_drawn_and_never_zero():
    assert sign_flip_p([1.0] * 40) == pytest.approx(1e-4)
    assert sign_flip_p([1.0, -1.0] * 20) == 1.0


def test_no_differences_are_refused():
    with pytest.raises(ValueError, match="no differences"):
        sign_flip_p([])


def test_the_contest_score_is_the_mean_over_levels_of_the_mean_over_seeds():
    runs = [
        run("G/A", 0, [0.0, 10.0]),
        run("G/A", 1, [15.0]),
        run("G/B", 0, [100.0]),
        run("G/B", 1, [200.0, 400.0, 600.0]),
    ]
    scores = contest_score(runs, 1)
    assert [level["score"] for level in scores["levels"]] == [10.0, 250.0]
    assert scores["score"]["mean"] == 130.0
    assert scores["score"]["best"] == 600.0
    assert scores["score"]["num_seeds"] == 2
    assert scores["is_complete"] is True
    assert scores["levels"][1]["runs"][1]["best_episode"] == 2


def test_a_level_without_an_episode_has_no_score_and_makes_the_result_incomplete():
    scores = contest_score([run("G/A", 0, []), run("G/B", 0, [8.0])], 1)
    assert scores["levels"][0]["score"] is None
    assert scores["score"]["mean"] == 8.0
    assert scores["is_complete"] is False


def test_an_unfinished_run_makes_the_result_incomplete():
    assert contest_score([run(is_complete=False)], 1)["is_complete"] is False
