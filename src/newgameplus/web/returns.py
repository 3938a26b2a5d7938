"""Returns of the episodes of each run on each level, from which every one of them is found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from statistics import fmean

from newgameplus.web.library import Library
from newgameplus.web.view import View

MAX_DOTS = 240
"""Most episodes of a row that are drawn; of more, every so many, and always the best and the worst."""
MIN_DOTS = 20
"""What a row of very many may draw."""
PAGE_DOTS = 6000
"""About the most of all rows together: a megabyte."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode with a movie."""

    id: int
    """Number of its movie in the library."""
    episode_return: float
    seed: int | None
    episode: int | None
    """Number in its run."""
    num_steps: int | None
    """Agent steps of training before it."""


@dataclass(frozen=True)
class LevelReturns:
    """Episodes of one run on one level."""

    run: str
    level: str
    agent: str | None
    episodes: tuple[Episode, ...]
    """At least one, in the order in which they were played, those of all seeds side by side."""
    scale: tuple[float, float]
    """Lowest and highest return of the level, in all rows together."""

    @cached_property
    def mean_return(self) -> float:
        """Mean return of the episodes."""
        return fmean(episode.episode_return for episode in self.episodes)

    @cached_property
    def best(self) -> Episode:
        """The episode with the highest return, the first of several."""
        return max(self.episodes, key=lambda episode: episode.episode_return)

    @cached_property
    def worst(self) -> Episode:
        """The episode with the lowest return, the first of several."""
        return min(self.episodes, key=lambda episode: episode.episode_return)

    @property
    def view(self) -> View:
        """These episodes in the library, the best first."""
        return View(sort="return", run=self.run, level=self.level, agent=self.agent or "")

    @property
    def seeds(self) -> list[int]:
        """Seeds of the episodes."""
        return sorted({episode.seed for episode in self.episodes if episode.seed is not None})

    def dots(self, num_rows: int = 1) -> list[tuple[float, float, Episode]]:
        """Return the episodes that are drawn: place along the run and height on the scale, 0 to 1 both.

        Args:
            num_rows: rows of the page.
        """
        every = -(-len(self.episodes) // min(MAX_DOTS, max(MIN_DOTS, PAGE_DOTS // num_rows)))
        last = max(1, len(self.episodes) - 1)
        return [
            (at / last, self.height(episode.episode_return), episode)
            for at, episode in enumerate(self.episodes)
            if at % every == 0 or episode in (self.best, self.worst)
        ]

    def height(self, value: float) -> float:
        """Return the place of a return on the scale, 0 to 1."""
        low, high = self.scale
        return (value - low) / (high - low) if high > low else 0.5


def returns_of(library: Library, view: View) -> list[LevelReturns]:
    """Return a row for each level and run in a view, in the order of their names, of all movies with a return.

    Args:
        library: the movies.
        view: its filter; its order does not matter.
    """
    found = []
    for level, of_level in groupby(library.returns(view), key=lambda row: row[0]):
        movies = list(of_level)
        returns = [row[4] for row in movies]
        for (run, agent), rows in groupby(movies, key=lambda row: row[1:3]):
            episodes = tuple(Episode(*row[3:]) for row in rows)
            found.append(LevelReturns(run, level, agent, episodes, (min(returns), max(returns))))
    return found
