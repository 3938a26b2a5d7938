"""Keeper: explore like JERK, and go on at every step as the most successful of all similar moments did.

Sources: exploration is JERK's (Nichol et al., arXiv:1804.03720) from near the end of a good episode, as Ecoffet et al.,
"Go-Explore" (2019), return first and explore then; what is followed is an episodic memory as in Blundell et al.,
"Model-Free Episodic Control" (2016).

*Differences from the sources:* nothing is repeated blindly, since sticky frames make every repetition different: at
each step the memory is asked what was done in similar moments, of any episode, and what came of it. Similarity is that
of progress, speed, buttons and a tiny picture. Of the actions of similar moments the one is taken after which the most
was earned on average, not at most.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from newgameplus.agents import randomness
from newgameplus.agents.buttons import jump_button, require_buttons
from newgameplus.agents.keeper import config as presets
from newgameplus.agents.keeper.config import KeeperConfig
from newgameplus.agents.keeper.player import Player
from newgameplus.agents.moves import BACKWARD, FORWARD, JUMP, actions_of_presses
from newgameplus.agents.saved import take_rows
from newgameplus.types import BUTTONS, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec

CONTEST_TIMESTEPS = 1_000_000
"""Agent steps per level in the 2018 contest; used if the run has no budget of its own."""


class Keeper:
    """An independent keeper in every row.

    Args:
        config: configuration.
        world: gives buttons, number of rows and budget.
        seed: 0 or more; row ``i`` plays the same for any number of rows.

    Raises:
        UsageError: a negative seed, a button that the console does not have, or a world without buttons.
    """

    PRESETS: ClassVar[dict[str, KeeperConfig]] = {"default": presets.DEFAULT}

    def __init__(self, config: KeeperConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        require_buttons(world)
        buttons = {FORWARD: config.forward, BACKWARD: config.backward, JUMP: config.jump or jump_button(world)}
        self._actions = actions_of_presses(world, buttons)
        self._total_timesteps = world.num_timesteps or CONTEST_TIMESTEPS
        self._generators = randomness.split(seed, world.num_envs)
        self._folder: Path | None = None
        self._players = self._new_players()

    @staticmethod
    def specs(config: KeeperConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of a tiny gray picture, and of buttons as actions."""
        return ObservationSpec(gray=True, size=config.picture_size), BUTTONS

    def keep_in(self, folder: Path, num_steps: int = 0) -> None:
        """Keep the memories in a folder; as they only grow, any checkpoint can be gone back to."""
        self._folder = folder
        self._players = self._new_players()

    def act(self, observation: Array) -> Array:
        """Return the next action of every row, int8 ``[B, buttons]``, for pictures uint8 ``[B, H, W, 1]``."""
        presses = [player.press(picture) for player, picture in zip(self._players, observation, strict=True)]
        return self._actions.take(presses, axis=0)

    def observe(self, step: Step) -> None:
        """Record the rewards; at the end of an episode remember it."""
        for player, reward, done in zip(self._players, step.reward.tolist(), step.done.tolist(), strict=True):
            player.observe(reward, done)

    def state(self) -> State:
        """Return every row's state: with files a few kilobytes, without about 320 bytes more per step remembered."""
        return {"agent": "keeper", "rows": [player.state() for player in self._players]}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or number of rows, is damaged, or its files are missing; nothing has
                changed then.
        """
        players = self._new_players()
        for player, row in zip(players, take_rows(state, "keeper", len(players)), strict=True):
            player.restore(row)
        self._players = players

    def _new_players(self) -> list[Player]:
        folder = self._folder
        return [
            Player(self.config, self._total_timesteps, random, folder / f"row-{row}" if folder else None)
            for row, random in enumerate(self._generators)
        ]
