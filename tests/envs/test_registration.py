"""Every game has a Gymnasium id as soon as Gymnasium and our environments are loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import registry

from newgameplus.envs.registration import register_environments
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.types import NOTHING, SONIC_7, WARPED

ID = "newgameplus:Airstriker-Genesis-v0"
PLAY = f"""
env = gymnasium.make({ID!r})
env.reset(seed=0)
env.step(env.action_space.sample())
env.close()
"""


@pytest.mark.parametrize(
    "program",
    [
        "import gymnasium, newgameplus" + PLAY,
        "import newgameplus, gymnasium" + PLAY.replace("newgameplus:", "newgameplus.envs:"),
        "import newgameplus, gymnasium; newgameplus.make" + PLAY,
        "import gymnasium" + PLAY,
        "import gymnasium, newgameplus.cli.main" + PLAY,
        "from newgameplus.envs.contest import make_contest; import gymnasium" + PLAY,
    ],
)
def test_the_id_works_once_gymnasium_has_heard_of_us(program: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, capture_output=True, text=True)


def test_importing_the_package_imports_no_gymnasium() -> None:
    program = "import sys, newgameplus; sys.exit('gymnasium' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_game_has_an_id() -> None:
    register_environments()
    assert set(games()) <= set(registry)
    assert "SonicTheHedgehogCustomKevin-Genesis" in registry


@pytest.fixture
def own_games(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's own games, whose ids are forgotten afterwards."""
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    ids = dict(registry)
    yield tmp_path
    registry.clear()
    registry.update(ids)


def test_a_game_without_version_is_made_without_a_warning(own_games: Path, opened: Callable[[Any], Any]) -> None:
    game = own_games / "Unversioned-Genesis"
    game.mkdir()
    original = find_game("Airstriker-Genesis-v0")
    for name in ("data.json", "scenario.json", "metadata.json", "Level1.state", "rom.md", "rom.sha"):
        source = original.file(name)
        assert source is not None
        (game / name).symlink_to(source)
    register_environments()
    env = opened(gym.make("newgameplus:Unversioned-Genesis"))
    env.reset(seed=0)
    assert env.spec.kwargs == {"game": "Unversioned-Genesis"}
    assert env.unwrapped.level.game == "Unversioned-Genesis"


def test_names_that_gymnasium_cannot_take_get_no_id(own_games: Path) -> None:
    for name in ("My Game-Genesis", "Twice-Genesis", "Twice-Genesis-v3"):
        (own_games / name).mkdir()
        (own_games / name / "data.json").write_text("{}")
    register_environments()
    assert "My Game-Genesis" not in registry
    assert "Twice-Genesis" not in registry
    assert "Twice-Genesis-v3" in registry


def test_the_id_of_another_package_is_left_alone(own_games: Path) -> None:
    (own_games / "CartPole-v1").mkdir()
    (own_games / "CartPole-v1" / "data.json").write_text("{}")
    before = registry["CartPole-v1"]
    register_environments()
    assert registry["CartPole-v1"] is before


def test_what_is_made_is_the_contests_environment(opened: Callable[[Any], Any]) -> None:
    env = opened(gym.make(ID))
    assert env.spec.max_episode_steps == 4500
    assert env.observation_space.shape == (224, 320, 3)
    env.reset(seed=1)
    env.step(np.zeros(12, np.int8))
    assert env.unwrapped.num_frames == 4


def test_keywords_choose_level_and_specifications(opened: Callable[[Any], Any]) -> None:
    env = opened(
        gym.make(
            ID,
            state="Level1",
            scenario="scenario",
            observation_spec=WARPED,
            action_spec=SONIC_7,
            render_mode="rgb_array",
            max_episode_steps=3,
        )
    )
    observation, _ = env.reset(seed=1)
    assert observation.shape == (84, 84, 4)
    assert [env.step(1)[3] for _ in range(3)] == [False, False, True]
    assert env.render().shape == (224, 320, 3)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"state": "Levle1"}, NotFoundError),
        ({"scenario": "contest"}, NotFoundError),
    ],
)
def test_a_wrong_keyword_is_an_error_in_words(keywords: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        gym.make(ID, observation_spec=NOTHING, **keywords)


def test_an_unknown_render_mode_is_an_error_in_words() -> None:
    with pytest.warns(UserWarning, match="not in the possible render_modes"), pytest.raises(UsageError, match="human"):
        gym.make(ID, render_mode="ansi")
