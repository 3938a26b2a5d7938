"""The rules of the contest as presets."""

import pytest

from newgameplus.contest.rules import CONTEST, CONTEST_2018, Rules, find_rules, with_budget
from newgameplus.errors import NotFoundError, UsageError


def test_presets_have_the_budget_of_2018():
    for rules in (CONTEST, CONTEST_2018):
        assert (rules.max_timesteps, rules.max_wall_clock_seconds) == (1_000_000, 43_200)


def test_only_the_preset_of_2018_has_its_quirks():
    assert (CONTEST.counts_resets, CONTEST.drops_last_episode) == (False, False)
    assert (CONTEST_2018.counts_resets, CONTEST_2018.drops_last_episode) == (True, True)


def test_an_unknown_preset_suggests_a_known_one():
    with pytest.raises(NotFoundError, match="Did you mean contest-2018"):
        find_rules("contest2018")


@pytest.mark.parametrize("budget", [{"timesteps": 0}, {"episodes": -1}, {"wall_clock_seconds": -0.5}])
def test_a_budget_that_is_not_positive_is_refused(budget):
    with pytest.raises(UsageError, match="more than 0"):
        with_budget(CONTEST, **budget)


def test_rules_without_any_limit_are_refused():
    with pytest.raises(UsageError, match="needs a budget"):
        Rules("endless", max_timesteps=None, max_episodes=None, max_wall_clock_seconds=None)


def test_a_number_of_episodes_alone_lifts_the_limit_of_timesteps():
    assert with_budget(CONTEST, episodes=3).max_timesteps is None
    assert with_budget(CONTEST, episodes=3, timesteps=100).max_timesteps == 100
    assert with_budget(CONTEST, wall_clock_seconds=5).max_timesteps == 1_000_000
