"""Content of the report's page about training runs: all texts and numbers, ready for the template."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus import __version__
from newgameplus.report import training_figures as figures
from newgameplus.report.content import (
    NOTHING,
    Note,
    TableRow,
    counted,
    data_uri,
    listed,
    listing,
    number,
    watch_command,
)
from newgameplus.report.evolution_content import EvolutionContent, gather_evolution
from newgameplus.report.figures import Figure
from newgameplus.report.labels import level_names, levels_in_words
from newgameplus.report.plot import Plot
from newgameplus.report.series import WINDOW
from newgameplus.report.training_runs import MEAN, LevelEpisodes, TrainingRun, Watched
from newgameplus.report.videos import Video

MAX_SHOWN = 12
"""Limit of watched episodes shown with their video; the others are only listed."""
LEVEL_COLUMNS = ("Episodes", f"First {WINDOW}", f"Last {WINDOW}", "Gain", "Best")
WATCHED_COLUMNS = ("After steps", "Return", "Length", "Mean value", "Entropy", "Movie")
_LEARNING = "learning/"
_MEANINGS = {
    "policy_loss": "Clipped surrogate loss, which moves the policy towards actions with positive advantage.",
    "value_loss": "Squared error of the value estimates.",
    "entropy": "Entropy of the policy, in nats. At 0 it no longer explores.",
    "approx_kl": "Estimated KL divergence between the policies before and after the last update, in nats.",
    "reference_kl": "KL divergence from the reference policy (the weights given by --init), in nats.",
    "clip_fraction": "Share of the actions whose probability ratio was clipped.",
    "initial_log_ratio_std": "Spread of the log-probability ratios before an update, which is rounding, in nats.",
    "gradient_norm": "Norm of the gradient, before clipping.",
    "explained_variance": "Share of the variance of the returns that the value estimates explain: 1 is all, 0 none.",
    "learning_rate": "Learning rate of the optimizer.",
    "loss": "Loss of a batch: of return distributions their cross-entropy, of values what the configuration names.",
    "mean_value": "Mean value estimate of the actions in a batch.",
    "max_value": "Highest value estimate of any action in a batch.",
    "epsilon": "Probability of a random action.",
    "expected_return": "Mean target of the actions in a batch.",
    "transitions": "Transitions in the replay buffer.",
    "revisit_rate": "Share of the steps whose state had been seen before: what a table can know.",
    "distinct_states": "States that were new in this run.",
    "random_share": "Share of the actions that were drawn at random, ties included.",
    "entries": "Pairs of a state and an action in the table.",
    "table_bytes": "Size of the table, in bytes.",
}
"""Description of the learners' metrics, by the last part of their names."""
_ACTION_MEANINGS = {
    "action": "Share of this action among all.",
    "greedy": "Share of this action among those that were not random.",
}
"""Description of the metrics that there is one of for each action, by the first part of their names."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A watched episode that the page shows."""

    run: TrainingRun
    colour: int
    """Index of the run's colour."""
    episode: Watched


@dataclass(frozen=True, slots=True)
class RunContent:
    """Content of one run."""

    label: str
    score: str
    facts: tuple[tuple[str, str], ...]
    """Small figures beside the score: name and value."""
    rows: tuple[TableRow, ...]
    """Rows with the columns ``LEVEL_COLUMNS``."""
    watched: tuple[TableRow, ...]
    """Rows with the columns ``WATCHED_COLUMNS``."""
    path: str
    about: tuple[tuple[str, str], ...]
    manifest: str


@dataclass(frozen=True, slots=True)
class EpisodeContent:
    """A watched episode with its video."""

    title: str
    caption: str
    command: str
    """Command that plays the movie, empty if it is gone."""
    label: str
    """Label of the run, if there are several."""
    colour: int
    source: str
    """Data URI, empty if there is no video."""
    still: str
    problem: str
    values: str
    """Id of the figure, empty if the agent has no value estimates."""
    shares: str


@dataclass(frozen=True, slots=True)
class TrainingContent:
    """Everything that the template shows."""

    title: str
    lede: tuple[str, ...]
    notes: tuple[Note, ...]
    runs: tuple[RunContent, ...]
    level_columns: tuple[str, ...]
    watched_columns: tuple[str, ...]
    levels: tuple[Plot, ...]
    evolutions: tuple[EvolutionContent, ...]
    learning: tuple[Plot, ...]
    actions: tuple[Plot, ...]
    episodes: tuple[EpisodeContent, ...]
    figures: dict[str, Figure]
    window: int
    version: str


def choose_shown(runs: Sequence[TrainingRun]) -> list[Shown]:
    """Return the watched episodes to show: of each run the first, the last, the best and some between."""
    shown = []
    for colour, run in enumerate(runs):
        places = _places([one.episode_return for one in run.watched], max(3, MAX_SHOWN // len(runs)))
        shown += [Shown(run, colour, run.watched[place]) for place in places]
    return shown


def gather_training(
    runs: Sequence[TrainingRun], title: str | None, videos: Sequence[tuple[Shown, Video]]
) -> TrainingContent:
    """Return the content of the report on ``runs``."""
    drawn: dict[str, Figure] = {"mean": figures.mean_returns(runs)} if any(MEAN in run.curves for run in runs) else {}
    names = level_names(_all_levels(runs))
    plots = {
        "levels": list(_level_plots(runs, drawn, names)),
        "learning": list(_learning_plots(runs, drawn)),
        "actions": list(_action_plots(runs, drawn)),
    }
    return TrainingContent(
        title=title or _title(runs),
        lede=tuple(_sentence(run) for run in runs),
        notes=(*_differences(runs), *(note for run in runs for note in _notes(run))),
        runs=tuple(_run(run, names) for run in runs),
        level_columns=LEVEL_COLUMNS,
        watched_columns=WATCHED_COLUMNS,
        levels=tuple(plots["levels"]),
        evolutions=tuple(
            gather_evolution(place, run, drawn, is_named=len(runs) > 1)
            for place, run in enumerate(runs)
            if run.generations
        ),
        learning=tuple(plots["learning"]),
        actions=tuple(plots["actions"]),
        episodes=tuple(_episode(place, *pair, runs, drawn, names) for place, pair in enumerate(videos)),
        figures=drawn,
        window=WINDOW,
        version=__version__,
    )


def _places(returns: Sequence[float], most: int) -> list[int]:
    """Indices of at most ``most`` evenly spaced episodes, including the first, the last and the best."""
    if len(returns) <= most:
        return list(range(len(returns)))
    best = int(np.argmax(returns))
    kept = np.linspace(0, len(returns) - 1, most).round().astype(int).tolist()
    if best not in kept:
        kept[min(range(1, most - 1), key=lambda place: abs(kept[place] - best))] = best
    return sorted(kept)


def _all_levels(runs: Sequence[TrainingRun]) -> list[str]:
    """Ids of all levels that were played or watched, each once."""
    played = [level.level for run in runs for level in run.levels]
    return list(dict.fromkeys([*played, *(episode.level for run in runs for episode in run.watched)]))


def _level_plots(runs: Sequence[TrainingRun], drawn: dict[str, Figure], names: Mapping[str, str]) -> Iterator[Plot]:
    levels = list(dict.fromkeys(level.level for run in runs for level in run.levels))
    for place, level in enumerate(levels):
        top = figures.range_of_game(runs, level.partition("/")[0])
        drawn[f"level-{place}"] = figures.level_returns(runs, level, top, len(levels))
        yield Plot(f"level-{place}", names[level])


def _learning_plots(runs: Sequence[TrainingRun], drawn: dict[str, Figure]) -> Iterator[Plot]:
    names = [name for run in runs for name in run.curves if name.startswith(_LEARNING)]
    for place, name in enumerate(dict.fromkeys(names)):
        drawn[f"learning-{place}"] = figures.learning(runs, name)
        title, meaning = _explained(name.removeprefix(_LEARNING))
        yield Plot(f"learning-{place}", title, meaning)


def _explained(metric: str) -> tuple[str, str]:
    """Title and meaning of a metric; the buttons of ``greedy/B+RIGHT`` stay as they are."""
    group, _, last = metric.rpartition("/")
    if group in _ACTION_MEANINGS:
        return f"{group.capitalize()}: {last}", _ACTION_MEANINGS[group]
    return metric.replace("_", " ").capitalize(), _MEANINGS.get(last, "")


def _action_plots(runs: Sequence[TrainingRun], drawn: dict[str, Figure]) -> Iterator[Plot]:
    if all(len(run.watched) < 2 for run in runs):
        return
    actions = dict.fromkeys(action for run in runs for episode in run.watched for action in episode.drawn)
    for place, action in enumerate(actions):
        drawn[f"action-{place}"] = figures.action_shares(runs, action)
        yield Plot(f"action-{place}", action)


def _title(runs: Sequence[TrainingRun]) -> str:
    agents = " and ".join(dict.fromkeys(run.label for run in runs)) if len(runs) <= 3 else f"{len(runs)} agents"
    verb = "learns" if len(runs) == 1 else "learn"
    levels = list(dict.fromkeys(level.level for run in runs for level in run.levels))
    return f"{agents} {verb} on {levels_in_words(levels)}" if levels else f"{agents} {verb}"


def _sentence(run: TrainingRun) -> str:
    seed = run.manifest.get("seed")
    done = "all of its" if run.is_complete else f"{run.num_done:,} of"
    watched = f"; {counted(len(run.watched), 'episode')} {_were(run)} watched" if run.watched else ""
    levels = f" on {counted(len(run.levels), 'level')}" if run.levels else ""
    return (
        f"The agent {run.agent} ({run.preset} preset, seed {seed}) learned for {done} {run.num_steps:,} steps in "
        f"{counted(run.num_rows, 'row')}{levels}. It finished "
        f"{counted(_num_episodes(run), 'episode')}{watched}."
    )


def _were(run: TrainingRun) -> str:
    return "was" if len(run.watched) == 1 else "were"


def _notes(run: TrainingRun) -> Iterator[Note]:
    where = shlex.quote(str(run.path))
    if not run.is_complete:
        text = f"{run.label}: the run is not over; {run.num_steps - run.num_done:,} steps are to come."
        yield Note(text, f"ngp train --resume --run {where}")
    if not run.levels:
        yield Note(f"{run.label}: no episode has ended yet, so there are no returns.")
    if not run.watched and not run.generations and run.manifest.get("watch_steps") is None:
        yield Note(f"{run.label}: no episode was watched. To see what an agent does, train it with --watch-every N.")


def _differences(runs: Sequence[TrainingRun]) -> Iterator[Note]:
    """Differences that make a comparison of the curves unfair."""
    unlike = [
        words
        for words, key in (("levels", "levels"), ("numbers of rows", "num_envs"), ("limits of an episode",
                                                                                   "max_episode_steps"))
        if any(run.manifest.get(key) != runs[0].manifest.get(key) for run in runs)
    ]  # fmt: skip
    if unlike:
        yield Note(f"Compare with care: the {listed(unlike)} of these runs are not the same.")


def _run(run: TrainingRun, names: Mapping[str, str]) -> RunContent:
    scores = [_last(level) for level in run.levels]
    return RunContent(
        label=run.label,
        score=number(float(np.mean(scores))) if scores else NOTHING,
        facts=(
            ("levels", f"{len(run.levels):,}"),
            ("rows", f"{run.num_rows:,}"),
            ("episodes", f"{_num_episodes(run):,}"),
            ("steps", f"{run.num_done:,}"),
            ("best return", number(max((float(level.returns.max()) for level in run.levels), default=None))),
        ),
        rows=tuple(_level_rows(run, names)),
        watched=tuple(_watched_row(episode, names) for episode in run.watched),
        path=str(run.path),
        about=tuple(_about(run)),
        manifest=json.dumps(run.manifest, indent=2, ensure_ascii=False),
    )


def _num_episodes(run: TrainingRun) -> int:
    return sum(len(level.returns) for level in run.levels)


def _first(level: LevelEpisodes) -> float:
    return float(level.returns[: _span(level)].mean())


def _last(level: LevelEpisodes) -> float:
    return float(level.returns[-_span(level) :].mean())


def _span(level: LevelEpisodes) -> int:
    """Number of episodes that stand for the beginning and for the end; they overlap only if there is only one."""
    return max(1, min(WINDOW, len(level.returns) // 2))


def _level_rows(run: TrainingRun, names: Mapping[str, str]) -> Iterator[TableRow]:
    if len(run.levels) > 1:
        first, last = (float(np.mean([of(level) for level in run.levels])) for of in (_first, _last))
        best = max(float(level.returns.max()) for level in run.levels)
        yield TableRow("All levels", "total", _level_cells(_num_episodes(run), first, last, best))
    for level in run.levels:
        cells = _level_cells(len(level.returns), _first(level), _last(level), float(level.returns.max()))
        yield TableRow(names[level.level], "level", cells)


def _level_cells(num_episodes: int, first: float, last: float, best: float) -> tuple[str, ...]:
    gain = round(last - first, 1)
    return f"{num_episodes:,}", f"{first:,.1f}", f"{last:,.1f}", f"{gain:+,.1f}", f"{best:,.1f}"


def _watched_row(episode: Watched, names: Mapping[str, str]) -> TableRow:
    return TableRow(
        names[episode.level],
        "level",
        (
            f"{episode.num_steps:,}",
            f"{episode.episode_return:,.1f}",
            f"{episode.length:,}",
            NOTHING if episode.value is None else f"{episode.value:.3g}",
            NOTHING if episode.entropy is None else f"{episode.entropy:.2f}",
            episode.movie.stem.rpartition("-")[2],
        ),
    )


def _about(run: TrainingRun) -> Iterator[tuple[str, str]]:
    """Facts of the plan, one line each."""
    plain = {
        name: value
        for name, value in run.manifest.items()
        if name not in ("format", "agent", "levels") and isinstance(value, int | float | str)
    }
    yield "Plan", listing(plain, " = ")
    agent = run.manifest["agent"]
    if isinstance(config := agent.get("config"), dict) and config:
        yield "Configuration", listing(config, " = ")


def _episode(
    place: int,
    shown: Shown,
    video: Video,
    runs: Sequence[TrainingRun],
    drawn: dict[str, Figure],
    names: Mapping[str, str],
) -> EpisodeContent:
    episode = shown.episode
    values = f"values-{place}" if len(episode.values) else ""
    if values:
        drawn[values] = figures.values(episode, shown.colour, _range_of_values(shown.run))
    if episode.drawn:
        drawn[f"shares-{place}"] = figures.shares(episode, shown.colour)
    told = [f"Return {number(episode.episode_return)}", counted(episode.length, "step")]
    if episode.value is not None:
        told.append(f"mean value {episode.value:.3g}")
    if episode.entropy is not None:
        told.append(f"entropy {episode.entropy:.2f} nats")
    speed = f" Shown at {video.speed} times the speed." if video.speed > 1 else ""
    return EpisodeContent(
        title=f"After {episode.num_steps:,} steps",
        caption=f"{names[episode.level]}. {', '.join(told)}.{speed}",
        command=watch_command(episode.movie),
        label=shown.run.label if len(runs) > 1 else "",
        colour=shown.colour,
        source=data_uri("video/mp4", video.mp4),
        still=data_uri("image/png", video.still),
        problem=video.problem,
        values=values,
        shares=f"shares-{place}" if episode.drawn else "",
    )


def _range_of_values(run: TrainingRun) -> tuple[float, float]:
    """Lowest and highest value estimate in any watched episode, so that the curves of a run share one scale."""
    values = np.concatenate([episode.values for episode in run.watched])
    return float(values.min()), float(values.max())
