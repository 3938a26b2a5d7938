"""``--stream``: training on new levels of an open game, which are drawn while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.typed import say
from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from newgameplus.envs.level_queue import LevelQueue
    from newgameplus.training.plan import Stream, TrainingPlan

_GAMES = {"tumbleweed": "newgameplus.open_games.tumbleweed.open_game:TUMBLEWEED"}
"""Open games whose levels can be streamed, by name."""
_SWITCH_STEPS = 10_000
"""Steps that a row plays a level of a stream, unless --switch-every says otherwise."""


def stream_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that :func:`stream_of` reads, besides ``--switch-every``."""
    seed = click.option(
        "--stream-seed", type=click.IntRange(min=0), metavar="N", help="Seed of these levels.  [default: 0]"
    )
    game = click.option(
        "--stream",
        type=click.Choice(list(_GAMES)),
        help="Train on new levels of this game, drawn meanwhile without end.",
    )
    return game(seed(command))


def stream_of(options: dict[str, Any]) -> tuple[Stream | None, int | None]:
    """Return the stream of levels, if any, and the steps after which a row changes its level; None if it keeps it.

    Raises:
        UsageError: options contradict each other, or the seed is out of its range.
    """
    from newgameplus.open_games.seeds import stream_seed
    from newgameplus.training.plan import Stream

    game, switch_steps = options["stream"], options["switch_every"]
    if game is None:
        if options["stream_seed"] is not None:
            raise UsageError("--stream-seed is the seed of a stream of levels: give --stream as well.")
        return None, switch_steps
    if options["split"] or options["levels"]:
        raise UsageError("The levels of --stream are drawn meanwhile: leave out --split and --level.")
    seed = options["stream_seed"] or 0
    stream_seed(seed, 0)
    return Stream(game, seed), _SWITCH_STEPS if switch_steps is None else switch_steps


@contextmanager
def streamed(console: Console, plan: TrainingPlan, folder: Path) -> Iterator[LevelQueue | None]:
    """Give the stream of a plan's levels, which are kept in the run's folder; None if it has none.

    Raises:
        UsageError: there is no such game.
    """
    if plan.stream is None:
        yield None
        return
    from newgameplus.executor.local import LocalExecutor, available_cores
    from newgameplus.executor.retries import RetryingExecutor
    from newgameplus.open_games.stream import LevelStream
    from newgameplus.results.training_runs import TrainingFolder

    if plan.stream.game not in _GAMES:
        raise UsageError(f"The levels of {plan.stream.game} cannot be drawn by this version of New Game Plus.")
    executor = RetryingExecutor(LocalExecutor[Any](available_cores()))
    scenario = plan.world.levels[0].scenario
    sets, game = TrainingFolder(folder).levels, _GAMES[plan.stream.game]
    stream = LevelStream(game, sets, plan.stream.seed, executor, scenario, lambda said: say(console, said))
    with closing(stream):
        yield stream
