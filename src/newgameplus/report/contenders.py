"""What a comparison compares: evaluations, grouped by agent, and refused where a comparison would not be fair.

A *contender* is an agent with its configuration and initial weights, and all its evaluations; several seeds may lie in
one results directory or in several.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.agents import CEILINGS
from newgameplus.contest.rules import Rules
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import ResultsError, UsageError
from newgameplus.fields import pick, to_json
from newgameplus.report.evaluations import Evaluation, Run, read_evaluation

BUDGET = ("max_timesteps", "max_episodes", "max_wall_clock_seconds")
"""Fields of the rules that limit a run."""
_LEVEL_PARTS = ("rom_sha1", "state_sha256", "scenario")
"""What must be equal in the fingerprints of one level, besides the core's name and options."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An agent in a comparison."""

    label: str
    evaluations: tuple[Evaluation, ...]
    runs: dict[str, tuple[Run, ...]]
    """Complete runs of each level that it has played, in the order of seeds; levels by id."""
    left_out: tuple[str, ...]
    """Ids of the levels that it has not played to the end with every seed."""

    @property
    def is_ceiling(self) -> bool:
        """Whether it is judged like an agent but no competitor: a person, or who knows how a level is won."""
        return self.evaluations[0].agent in CEILINGS

    @property
    def commits(self) -> tuple[str, ...]:
        """Git commits that it was played with, each once."""
        found = (evaluation.manifest.get("git_commit") for evaluation in self.evaluations)
        return tuple(dict.fromkeys(commit for commit in found if isinstance(commit, str)))


def read_contenders(paths: Sequence[tuple[str | None, Path]], *, allow_partial: bool = False) -> list[Contender]:
    """Read results directories and group them by agent.

    Args:
        paths: label and path of each directory; those with the same label are one contender, those without are grouped
            by agent, configuration, initial weights and whether it learns.
        allow_partial: whether evaluations that are not complete take part with the levels that are.

    Raises:
        ResultsError: a directory cannot be read, or comparing them would not be fair; the message says why.
        UsageError: no directory is given, or one is named twice.
    """
    if not paths:
        raise UsageError("A comparison needs at least one results directory.")
    _refuse_twice([path for _, path in paths])
    evaluations = [read_evaluation(path, label or "") for label, path in paths]
    if not allow_partial:
        _refuse_incomplete(evaluations)
    _refuse_unlike(evaluations)
    groups: dict[str, list[Evaluation]] = {}
    for evaluation in evaluations:
        groups.setdefault(f"label {evaluation.label}" if evaluation.label else _identity(evaluation), []).append(
            evaluation
        )
    labels = _labels(list(groups.values()))
    return [_contender(label, group) for label, group in zip(labels, groups.values(), strict=True)]


def levels_of_all(contenders: Sequence[Contender]) -> list[str]:
    """Return the ids of the levels that every contender has played, in order.

    Raises:
        ResultsError: there is none.
    """
    first = contenders[0].runs
    shared = [level for level in first if all(level in other.runs for other in contenders)]
    if not shared:
        raise ResultsError(
            f"There is no level that all of them have played to the end: {', '.join(one.label for one in contenders)}."
        )
    return shared


def _contender(label: str, group: Sequence[Evaluation]) -> Contender:
    if len({(one.agent, json.dumps(_config(one), sort_keys=True)) for one in group}) > 1:
        raise ResultsError(
            f"The results with the label {label!r} are of different agents or configurations: "
            f"{', '.join(str(one.path) for one in group)}; give each its own label."
        )
    runs: dict[str, dict[int, Run]] = {}
    unfinished: list[str] = []
    for evaluation in group:
        for found in evaluation.levels:
            level = str(found.level)
            unfinished += [level for run in found.runs if not (run.is_complete and run.episodes)]
            for run in found.runs:
                before = runs.setdefault(level, {}).setdefault(run.seed, run)
                if before is not run:
                    raise ResultsError(
                        f"Seed {run.seed} of {level} is in {before.folder} and in {run.folder}, both of {label}; leave "
                        "one out, or give them different labels with LABEL=PATH."
                    )
    kept = {
        level: tuple(run for _, run in sorted(by_seed.items()))
        for level, by_seed in runs.items()
        if level not in unfinished
    }
    return Contender(label, tuple(group), kept, tuple(dict.fromkeys(unfinished)))


def _refuse_twice(paths: Sequence[Path]) -> None:
    places = [path.resolve() for path in paths]
    twice = next((path for number, path in enumerate(paths) if places.index(path.resolve()) < number), None)
    if twice is not None:
        raise UsageError(f"The results directory {twice} is named twice; name each once.")


def _refuse_incomplete(evaluations: Iterable[Evaluation]) -> None:
    for evaluation in evaluations:
        if not evaluation.is_complete:
            raise ResultsError(
                f"{evaluation.path} is not complete; go on with ngp evaluate --resume --results {evaluation.path}, or "
                "compare the levels that are with --partial."
            )


def _refuse_unlike(evaluations: Sequence[Evaluation]) -> None:
    """Refuse different budgets, rules, splits, and different versions of a level."""
    rules = [_rules(evaluation) for evaluation in evaluations]
    _require_one(evaluations, [{name: one[name] for name in BUDGET} for one in rules], "budgets")
    _require_one(evaluations, [{name: one[name] for name in one if name not in BUDGET} for one in rules], "rules")
    named = [evaluation for evaluation in evaluations if evaluation.manifest.get("split") is not None]
    _require_one(named, [{"split": evaluation.manifest["split"]} for evaluation in named], "splits")
    of_level: dict[str, list[tuple[Evaluation, dict[str, Any]]]] = {}
    for evaluation in evaluations:
        for line in evaluation.manifest["levels"]:
            of_level.setdefault(f"{line['game']}/{line['state']}", []).append((evaluation, _parts(line)))
    for level, found in of_level.items():
        _require_one([one for one, _ in found], [parts for _, parts in found], f"versions of {level}")


def _require_one(evaluations: Sequence[Evaluation], found: Sequence[dict[str, Any]], what: str) -> None:
    for evaluation, parts in zip(evaluations[1:], found[1:], strict=True):
        name = next((name for name in parts if parts[name] != found[0][name]), None)
        if name is not None:
            raise ResultsError(
                f"{evaluations[0].path} and {evaluation.path} cannot be compared, because they have different {what}: "
                f"{name} is {found[0][name]} and {parts[name]}."
            )


def _parts(line: dict[str, Any]) -> dict[str, Any]:
    core = line.get("core")
    known = core if isinstance(core, dict) else {}
    return {part: line.get(part) for part in _LEVEL_PARTS} | {
        "core": known.get("name"),
        "core options": known.get("options"),
    }


def _rules(evaluation: Evaluation) -> dict[str, Any]:
    """Rules of judge and world, without their name; what older manifests do not say is the default of today."""
    rules = evaluation.manifest.get("rules")
    try:
        found = to_json(pick(Rules, rules or {})) | to_json(pick(WorldRules, rules or {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise ResultsError(f"{evaluation.path} is corrupt: its rules cannot be read: {error}.") from error
    return {name: value for name, value in found.items() if name != "name"}


def _config(evaluation: Evaluation) -> Any:
    return evaluation.manifest["agent"].get("config")


def _init(evaluation: Evaluation) -> str | None:
    """SHA-256 of the initial weights; None without any."""
    init = evaluation.manifest.get("init")
    return str(init.get("sha256")) if isinstance(init, dict) else None


def _identity(evaluation: Evaluation) -> str:
    parts = [evaluation.agent, _config(evaluation), _init(evaluation), evaluation.manifest.get("is_frozen")]
    return json.dumps(parts, sort_keys=True)


def _labels(groups: Sequence[Sequence[Evaluation]]) -> list[str]:
    """A unique label for each group: the user's, or agent and preset, and what tells it from the others."""
    tellings: tuple[Callable[[Evaluation], str], ...] = (_plain, _with_weights, _with_folder)
    labels = [group[0].label for group in groups]
    for tell in tellings:
        again = [index for index, label in enumerate(labels) if not groups[index][0].label]
        doubled = [index for index in again if not labels[index] or labels.count(labels[index]) > 1]
        for index in doubled:
            labels[index] = tell(groups[index][0])
    return [f"{label} #{number}" if labels.count(label) > 1 else label for number, label in enumerate(labels, start=1)]


def _plain(evaluation: Evaluation) -> str:
    return evaluation.agent if evaluation.preset == "default" else f"{evaluation.agent} ({evaluation.preset})"


def _with_weights(evaluation: Evaluation) -> str:
    parts = [_plain(evaluation), "frozen" if evaluation.manifest.get("is_frozen") is True else ""]
    parts.append("with weights" if _init(evaluation) is not None and not parts[1] else "")
    return ", ".join(part for part in parts if part)


def _with_folder(evaluation: Evaluation) -> str:
    return f"{_with_weights(evaluation)} · {evaluation.path.resolve().name}"
