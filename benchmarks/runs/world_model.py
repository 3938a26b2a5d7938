"""World models on one level: what V sees, how well M foresees, what C earns, in numbers and pictures.

    python -m benchmarks.runs.world_model play     do what is not yet in the work folder, and publish all of it
    python -m benchmarks.runs.world_model page     write the tables of docs/agents/world_model.md from the newest result

Movies of random and JERK agents are recorded on the level, V and M learn from them, and C in the dream and then in the
real game, or there alone. Both are judged under the contest's rules, beside holding right.
V and M are measured and shown on movies of the same agents with other seeds, which they have not learned from.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from benchmarks.chart import Line, line_chart
from benchmarks.jerk_page import with_block
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.agents.world_model.agent import WorldModel
from newgameplus.agents.world_model.footage import REWARD_UNIT, Episode, Footage, Seen
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import find_level
from newgameplus.results.monitor import read_monitor
from newgameplus.training.plan import TrainingPlan, read_plan
from newgameplus.training.stages import DecodedMovies
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import make_single_world
from newgameplus.types import Array

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE, IMAGES = DOCS / "agents" / "world_model.md", DOCS / "images"
RIGHT, JERK = ("random", "--preset", "hold-right"), ("jerk", "--preset", "improved")
COLLECTED = {"right": (*RIGHT, 10_000, 1), "random": ("random", 6_000, 2), "jerk": (*JERK, 14_000, 3)}
"""Movies that V and M learn from: agent, steps and seed."""
UNSEEN = {"right": (*RIGHT, 2_000, 11), "jerk": (*JERK, 4_000, 13)}
"""Movies that they are measured on."""
SHORTENED = (
    "vision_updates=2000", "dynamics_updates=2500", "chunk_steps=40000", "dream_generations=30", "dream_episodes=2",
)  # fmt: skip
"""Fields of the published runs, shortened ones."""
RUNS = {"dream": (), "real": ("dream_generations=0",)}
"""Further fields of the runs whose C begins in the dream, and in the real game."""
TINY_FIELDS = (
    "vision_channels=2,2,4,4", "num_latents=3", "num_hidden=4", "vision_updates=2", "dynamics_updates=2",
    "dream_generations=1", "dream_rows=4", "dream_steps=5", "num_individuals=4",
)  # fmt: skip
WARM_STEPS, SHOWN_STEPS, NUM_SHOWN = 20, 60, 8
"""Steps that M is shown before it dreams on, steps that it dreams, and pictures on a sheet."""
HELD_STEPS = 40
"""Steps for which an action is held."""
HORIZONS = (1, 5, 15, 30)
"""Steps of a dream after which its latents are compared with the real ones."""
SCALE = 2
_QUALITY = 80
"""Of pictures as WebP, from 0 to 100."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A run's agent, and movies that it has not seen."""

    agent: WorldModel
    episodes: list[Episode]
    seen: list[Seen]
    """The same as V sees them."""


def ngp(*arguments: object) -> None:
    """Run a command of ``ngp``."""
    subprocess.run([sys.executable, "-m", "newgameplus", *map(str, arguments)], check=True)


def evaluated(folder: Path, level: str, num_steps: int, *agent: object) -> Path:
    """Evaluate an agent on a level, unless it has been; return the folder."""
    if not (folder / "evaluation.json").is_file() and not list(folder.rglob("monitor.csv")):
        ngp("evaluate", *agent, "--level", level, "--timesteps", num_steps, "--results", folder)
    return folder


def returns_of(folder: Path) -> list[float]:
    """Returns of an evaluation's episodes, in their order."""
    return [episode.episode_return for path in sorted(folder.rglob("monitor.csv")) for episode in read_monitor(path)]


def collect(work: Path, level: str, share: float) -> None:
    """Record the movies."""
    for name, kinds in (("data", COLLECTED), ("unseen", UNSEEN)):
        for kind, (*agent, num_steps, seed) in kinds.items():
            evaluated(work / name / kind, level, max(int(int(num_steps) * share), 60), *agent, "--seed", seed)


def load(run: Path, unseen: Path) -> Trained:
    """Return the agent of a run and the unseen movies, decoded."""
    plan = read_plan(run)
    with closing(make_single_world(plan.world, plan.world.levels[0], plan.agent.specs())) as world:
        agent: Any = plan.agent.make(world_spec(world), 0)
    begin_from(agent, plan.agent.name, run, is_frozen=True)
    footage = Footage(_movies(plan, unseen), 1_000_000)
    episodes = [one for one in footage.episodes(0) if len(one.story.action)]
    return Trained(agent, episodes, [agent.model.look_at(one) for one in episodes])


def _movies(plan: TrainingPlan, folder: Path) -> DecodedMovies:
    specs = plan.world.specs_on(plan.world.levels, plan.agent.specs())
    return DecodedMovies(sorted(folder.rglob("*.bk2")), specs, plan.world.rules.frames_per_step)


def foresight(trained: Trained) -> dict[str, float]:
    """Return mean squared errors of M's expectation of the next latents, and of a copy of the last ones."""
    pairs, weights = [], []
    for seen in trained.seen:
        pairs.append(trained.agent.model.errors(seen))
        weights.append(len(seen.story.action))
    foreseen, copied = np.average(pairs, axis=0, weights=weights).tolist()
    return {"foreseen": foreseen, "copied": copied}


def dreamt_on(agent: WorldModel, seen: Seen, begin: int, num_steps: int, seed: int) -> Iterator[Array]:
    """Yield the latents of a dream that goes on from a moment of an episode with the same actions.

    M has seen the ``WARM_STEPS`` before.
    """
    first = begin - WARM_STEPS
    shown, action = torch.from_numpy(seen.mean[first:begin])[None], torch.from_numpy(seen.story.action[first:begin])
    with torch.no_grad():
        _, memory = agent.model.dynamics.advance(shown, action[None])
    dream = agent.dream(1, temperature=1.0)
    dream.reset(seed=seed)
    dream.wake_at(0, seen.mean[begin], memory)
    for taken in seen.story.action[begin : begin + num_steps]:
        observation, *_ = dream.step(np.array([taken]))
        yield observation[0, : agent.config.num_latents]


def drift(trained: Trained, num_dreams: int) -> dict[str, dict[str, float]]:
    """Return squared errors of dreams after some steps, and of the picture from before, by number of steps."""
    random, most = np.random.default_rng(0), max(HORIZONS)
    long = [one for one in trained.seen if len(one.story.action) > WARM_STEPS + most]
    found: dict[int, list[tuple[float, float]]] = {horizon: [] for horizon in HORIZONS}
    for number in range(num_dreams if long else 0):
        seen = long[int(random.integers(len(long)))]
        begin = int(random.integers(WARM_STEPS, len(seen.story.action) - most))
        latents = list(dreamt_on(trained.agent, seen, begin, most, number))
        for horizon in HORIZONS:
            real = seen.mean[begin + horizon]
            errors = (np.square(latents[horizon - 1] - real).mean(), np.square(seen.mean[begin] - real).mean())
            found[horizon].append((float(errors[0]), float(errors[1])))
    means = {str(key): np.mean(pairs, axis=0).tolist() for key, pairs in found.items() if pairs}
    return {key: {"dreamt": dreamt, "copied": copied} for key, (dreamt, copied) in means.items()}


def held(trained: Trained, plan: TrainingPlan) -> dict[str, dict[str, float]]:
    """Return what a step earns while one action is held, in the dream and in the real game, and what it did in movies.

    In the dream it is the mean of 64 rows over ``HELD_STEPS`` steps, in the real game that from the level's beginning.
    """
    action = np.concatenate([one.story.action for one in trained.episodes])
    reward = np.concatenate([one.story.reward for one in trained.episodes]) * REWARD_UNIT
    dream, found = trained.agent.dream(64), {}
    specs = plan.agent.specs()
    for number, combo in enumerate(dream.action_spec.combos):
        dream.reset(seed=0)
        dreamt = [dream.step(np.full(64, number))[1].mean() for _ in range(HELD_STEPS)]
        with closing(make_single_world(plan.world, plan.world.levels[0], specs)) as world:
            world.reset(seed=0)
            real = [world.step(np.array([number]))[1][0] for _ in range(HELD_STEPS)]
        is_taken = action == number
        found["+".join(combo) or "none"] = {
            "dreamt": float(np.mean(dreamt)),
            "real": float(np.mean(real)),
            "movies": float(reward[is_taken].mean()) if is_taken.any() else 0.0,
            "share": float(is_taken.mean()),
        }
    return found


def drawn(agent: WorldModel, latents: Array) -> Array:
    """Return V's pictures of latents ``[N, Z]``, uint8 ``[N, H, W, 3]``."""
    with torch.no_grad():
        pictures: Array = agent.model.vision.draw(torch.from_numpy(latents)).numpy()
    return pictures


def sheet(rows: Sequence[Array]) -> Array:
    """Return rows of pictures below each other, enlarged, with a margin between."""
    height = rows[0].shape[1] * SCALE
    cells = [[cv2.resize(one, (height, height), interpolation=cv2.INTER_NEAREST) for one in row] for row in rows]
    padded = [
        [cv2.copyMakeBorder(cell, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for cell in row]
        for row in cells
    ]
    return np.concatenate([np.concatenate(row, axis=1) for row in padded])


def pictures(trained: Trained, images: Path) -> None:
    """Write the reconstructions, and a dream beside what really happened, as a sheet and as a video."""
    random, agent = np.random.default_rng(1), trained.agent
    moments = [(one, int(at)) for one in trained.episodes for at in random.integers(0, len(one.picture), 3)]
    chosen = [moments[index] for index in random.permutation(len(moments))[:NUM_SHOWN]]
    real = np.stack([episode.picture[at] for episode, at in chosen])
    _write(images / "world_model-reconstructions.webp", sheet([real, drawn(agent, agent.model.see(real)[0].numpy())]))
    best = max(range(len(trained.episodes)), key=lambda one: float(trained.episodes[one].story.reward.sum()))
    seen = trained.seen[best]
    if len(seen.story.action) <= WARM_STEPS:
        return
    latents = np.stack(list(dreamt_on(agent, seen, WARM_STEPS, SHOWN_STEPS, 0)))
    dreamt = slice(WARM_STEPS + 1, WARM_STEPS + 1 + len(latents))
    three = [trained.episodes[best].picture[dreamt], drawn(agent, seen.mean[dreamt]), drawn(agent, latents)]
    at = np.unique(np.linspace(0, len(latents) - 1, NUM_SHOWN).astype(int))
    _write(images / "world_model-dream.webp", sheet([row[at] for row in three]))
    frames = [sheet([np.stack(columns)]) for columns in zip(*three, strict=True)]
    first, *others = (Image.fromarray(frame) for frame in frames)
    path = images / "world_model-dream-video.webp"
    first.save(path, save_all=True, append_images=others, duration=100, loop=0, quality=_QUALITY)


def _write(path: Path, picture: Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=_QUALITY)


Curves = dict[str, list[tuple[float, float]]]
"""Best and mean fitness of the generations in the real game, each with the steps."""


def chart(curves: dict[str, Curves], images: Path) -> None:
    """Write the fitness of each generation in the real game as a chart."""
    colours = {"dream": "#d55e00", "real": "#0072b2"}
    titles = {"dream": "from the dream", "real": "in the real game alone"}
    lines = [
        Line(f"{name}, {titles[run]}", colours[run], "" if name == "best" else "4 3", points)
        for run, of_run in curves.items()
        for name, points in of_run.items()
    ]
    images.mkdir(parents=True, exist_ok=True)
    (images / "world_model-fitness.svg").write_text(line_chart(lines, "steps in the real game", "return"))


def curves_of(run: Path) -> Curves:
    """Return the curves of a run."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    names = {"best": "learning/best_fitness", "mean": "learning/mean_fitness"}
    return {key: [(line["num_steps"], line[name]) for line in lines if name in line] for key, name in names.items()}


def write_page(results: Path) -> None:
    """Write the tables of the page from the newest result."""
    result = json.loads(max(results.glob("*_world_model_level*/result.json")).read_text())
    told = PAGE.read_text()
    rows = ["| | score | best episode | episodes |", "|---|---|---|---|"]
    for way, end in result["ways"].items():
        rows.append(f"| {way} | **{end['score']:,.0f}** | {end['best']:,.0f} | {end['num_episodes']} |")
    told = with_block(told, "scores", "\n".join([f"{result['what']}:", "", *rows, "", ""]))
    rows = ["| steps foreseen | M | a copy of the picture before |", "|---|---|---|"]
    both = result["foresight"]
    rows.append(f"| 1, expected | **{both['foreseen']:.3f}** | {both['copied']:.3f} |")
    for horizon, errors in result["drift"].items():
        rows.append(f"| {horizon}, dreamt | {errors['dreamt']:.3f} | {errors['copied']:.3f} |")
    told = with_block(told, "foresight", "\n".join([*rows, "", ""]))
    rows = ["| held | in the dream | in the game | in the movies | share of these |", "|---|---|---|---|---|"]
    for name, earned in sorted(result["held"].items(), key=lambda item: -item[1]["dreamt"]):
        cells = [f"{earned[where]:.1f}" for where in ("dreamt", "real", "movies")]
        rows.append(f"| {name} | {' | '.join(cells)} | {earned['share']:.0%} |")
    PAGE.write_text(with_block(told, "held", "\n".join([*rows, "", ""])))


def main() -> None:
    """Measure, or write the page."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", nargs="?", choices=["play", "page"], default="play")
    options.add_argument("--level", default="Tumbleweed-Genesis-v0/Mesa.Act1")
    options.add_argument("--steps", type=int, default=80_000, help="steps in the real game")
    options.add_argument("--judged", type=int, default=10_000, help="steps of an evaluation")
    options.add_argument("--share", type=float, default=1.0, help="share of the movies' steps")
    options.add_argument("--fields", nargs="*", default=SHORTENED, help="fields of the preset small that are changed")
    options.add_argument("--images", type=Path, default=IMAGES)
    work = temporary_folder() if TINY in sys.argv else Path("results/world_model")
    options.add_argument("--work", type=Path, default=work, help="where movies, runs and evaluations are kept")
    tiny = {"steps": 40, "judged": 40, "share": 0.001, "fields": TINY_FIELDS, "images": work}
    arguments = parse(options, **tiny)
    if arguments.what == "page":
        write_page(arguments.results)
        return
    torch.set_num_threads(1)
    find_level(arguments.level)
    play(arguments)


def trained_run(arguments: Any, name: str, changed: Sequence[str]) -> Path:
    """Train, unless it has been; return the run."""
    run: Path = arguments.work / "runs" / name
    if not run.is_dir():
        fields = [part for field in (*arguments.fields, *changed) for part in ("--set", field)]
        ngp(
            "train", "world_model", "--preset", "small", "--demonstrations", arguments.work / "data", *fields,
            "--level", arguments.level, "--steps", arguments.steps, "--num-envs", 16, "--threads", 1,
            "--checkpoint-every", max(arguments.steps // 10, 1), "--run", run,
        )  # fmt: skip
    return run


def newest(run: Path) -> Path:
    """Return the newest checkpoint of a run."""
    return max((run / "checkpoints").glob("0*.safetensors"))


def play(arguments: Any) -> None:
    """Collect, train, judge, and publish."""
    work, level = arguments.work, arguments.level
    collect(work, level, arguments.share)
    runs = {name: trained_run(arguments, name, fields) for name, fields in RUNS.items()}
    trained = load(runs["dream"], work / "unseen")
    pictures(trained, arguments.images)
    curves = {name: curves_of(run) for name, run in runs.items()}
    chart(curves, arguments.images)
    own = ("world_model", "--frozen", "--init")
    ways = {
        "C from the dream, then in the real game": (*own, newest(runs["dream"])),
        "C in the real game alone": (*own, newest(runs["real"])),
        "always right": (*RIGHT, "--set", "press_probability=0"),
        "right, other buttons at random": RIGHT,
    }
    ends = {}
    for way, agent in ways.items():
        place = work / "judged" / way.replace(" ", "-").replace(",", "")
        totals = returns_of(evaluated(place, level, arguments.judged, *agent)) or [0.0]
        ends[way] = {"score": float(np.mean(totals)), "best": max(totals), "num_episodes": len(totals)}
    publish(
        {
            "figure": "world_model_level",
            "what": f"{level} under the contest's rules, {arguments.judged:,} steps, one seed",
            "unit": "score",
            "num_rounds": 1,
            "sides": {way: median_and_interval([end["score"]]) for way, end in ends.items()},
            "ratios": [],
            "ways": ends,
            "fields": list(arguments.fields),
            "steps": {name: int(newest(run).stem) for name, run in runs.items()},
            "foresight": foresight(trained),
            "drift": drift(trained, 100),
            "held": held(trained, read_plan(runs["dream"])),
            "curves": curves,
        },
        arguments.results,
        ("torch",),
    )


if __name__ == "__main__":
    main()
