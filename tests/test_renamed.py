"""Renamed fields: old files are read, and a person who types an old name is told the new one."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, configure, describe
from newgameplus.errors import UsageError
from newgameplus.renamed import RENAMED, renamed_fields, with_new_names

CONFIGURED = ("ppo", "rainbow")


def _config(agent: str) -> Any:
    return find_agent(agent).PRESETS["default"]


@pytest.mark.parametrize("agent", CONFIGURED)
def test_the_table_names_fields_that_are_there_and_none_that_is_old(agent: str) -> None:
    names = {field.name for field in dataclasses.fields(_config(agent))}
    new_names = renamed_fields(type(_config(agent)))
    assert new_names
    assert set(new_names.values()) <= names
    assert not set(new_names) & names


def test_every_dataclass_of_the_table_is_found() -> None:
    dataclasses_ = {f"{type(_config(agent)).__module__}.{type(_config(agent)).__qualname__}" for agent in CONFIGURED}
    assert {name for name in RENAMED if name.startswith("newgameplus.")} == dataclasses_


@pytest.mark.parametrize("agent", CONFIGURED)
def test_an_old_name_is_refused_with_the_new_one(agent: str) -> None:
    for old, new in renamed_fields(type(_config(agent))).items():
        with pytest.raises(UsageError, match=rf"'{old}' is now called '{new}'"):
            configure(find_agent(agent), "default", {old: "1"})


@pytest.mark.parametrize("agent", CONFIGURED)
def test_a_configuration_under_old_names_is_read(agent: str) -> None:
    config = _config(agent)
    old_names = {new: old for old, new in renamed_fields(type(config)).items()}
    written = {old_names.get(name, name): value for name, value in describe(config).items()}
    assert configuration_of(find_agent(agent), written) == config


def test_a_new_name_wins_over_the_old_one() -> None:
    assert with_new_names({"old": 1, "new": 2, "same": 3}, {"old": "new"}) == {"new": 2, "same": 3}


def test_fields_of_an_experts_learner_are_read_under_old_names() -> None:
    config = configure(find_agent("experts"), "default", {"learner_fields": "num_steps=8,smoothing=0.5"})
    assert (config.learner_config().rollout_steps, config.learner_config().gae_lambda) == (8, 0.5)
