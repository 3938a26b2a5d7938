"""World models on one level: what V sees, how well M foresees, what C earns, in numbers and pictures.

    python -m benchmarks.runs.world_model play     do what is not yet in the work folder, and publish all of it
    python -m benchmarks.runs.world_model page     write the tables of docs/agents/world_model.md from the newest result

Movies of random and JERK agents are recorded on the level, V and M learn from them, and C in the dream and in the real
game, whose weights are kept now and then. Each of these is then judged under the contest's rules, beside holding right.
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

from benchmarks.chart import Line, line_chart
from benchmarks.jerk_page import with_block
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.agents.world_model.agent import WorldModel
from newgameplus.agents.world_model.footage import Episode, Footage
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import find_level
from newgameplus.movies.encoders import GifEncoder
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
SHORTENED = ("vision_updates=4000", "dynamics_updates=4000", "chunk_steps=40000")
"""Fields of the published run, a shortened one."""
TINY_FIELDS = (
    "vision_channels=2,2,4,4", "num_latents=3", "num_hidden=4", "vision_updates=2", "dynamics_updates=2",
    "dream_generations=1", "dream_rows=4", "dream_steps=5", "num_individuals=4",
)  # fmt: skip
WARM_STEPS, SHOWN_STEPS, NUM_SHOWN = 20, 60, 8
"""Steps that M is shown before it dreams on, steps that it dreams, and pictures on a sheet."""
HORIZONS = (1, 5, 15, 30)
"""Steps of a dream after which its latents are compared with the real ones."""
SCALE = 2


@dataclass(frozen=True, slots=True)
class Trained:
    """A run's agent, and movies that it has not seen."""

    agent: WorldModel
    episodes: list[Episode]


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
    return Trained(agent, [one for one in footage.episodes(0) if len(one.story.action)])


def _movies(plan: TrainingPlan, folder: Path) -> DecodedMovies:
    specs = plan.world.specs_on(plan.world.levels, plan.agent.specs())
    return DecodedMovies(sorted(folder.rglob("*.bk2")), specs, plan.world.rules.frames_per_step)


def foresight(trained: Trained) -> dict[str, float]:
    """Return mean squared errors of M's expectation of the next latents, and of a copy of the last ones."""
    pairs, weights = [], []
    for episode in trained.episodes:
        pairs.append(trained.agent.model.errors(trained.agent.model.look_at(episode)))
        weights.append(len(episode.story.action))
    foreseen, copied = np.average(pairs, axis=0, weights=weights).tolist()
    return {"foreseen": foreseen, "copied": copied}


def dreamt_on(agent: WorldModel, episode: Episode, begin: int, num_steps: int, seed: int) -> Iterator[Array]:
    """Yield the latents of a dream that goes on from a moment of an episode with the same actions.

    M has seen the ``WARM_STEPS`` before.
    """
    seen = agent.model.look_at(episode)
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
    long = [one for one in trained.episodes if len(one.story.action) > WARM_STEPS + most]
    found: dict[int, list[tuple[float, float]]] = {horizon: [] for horizon in HORIZONS}
    for number in range(num_dreams if long else 0):
        episode = long[int(random.integers(len(long)))]
        begin = int(random.integers(WARM_STEPS, len(episode.story.action) - most))
        mean = trained.agent.model.look_at(episode).mean
        latents = list(dreamt_on(trained.agent, episode, begin, most, number))
        for horizon in HORIZONS:
            real = mean[begin + horizon]
            errors = (np.square(latents[horizon - 1] - real).mean(), np.square(mean[begin] - real).mean())
            found[horizon].append((float(errors[0]), float(errors[1])))
    means = {str(key): np.mean(pairs, axis=0).tolist() for key, pairs in found.items() if pairs}
    return {key: {"dreamt": dreamt, "copied": copied} for key, (dreamt, copied) in means.items()}


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
    _write(images / "world_model-reconstructions.png", sheet([real, drawn(agent, agent.model.see(real)[0].numpy())]))
    episode = max(trained.episodes, key=lambda one: float(one.story.reward.sum()))
    begin = min(WARM_STEPS, max(len(episode.story.action) - 2, 0)) if len(episode.story.action) > WARM_STEPS else 0
    if begin < WARM_STEPS:
        return
    latents = np.stack(list(dreamt_on(agent, episode, begin, SHOWN_STEPS, 0)))
    happened = episode.picture[begin + 1 : begin + 1 + len(latents)]
    seen = drawn(agent, agent.model.see(happened)[0].numpy())
    three = [happened, seen, drawn(agent, latents)]
    at = np.unique(np.linspace(0, len(latents) - 1, NUM_SHOWN).astype(int))
    _write(images / "world_model-dream.png", sheet([row[at] for row in three]))
    frames = [sheet([np.stack(columns)]) for columns in zip(*three, strict=True)]
    video = GifEncoder(images / "world_model-dream.gif", frames[0].shape[:2], frames, frames_per_second=10)
    for frame in frames:
        video.write(frame, None)
    video.close()


def _write(path: Path, picture: Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_written, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert is_written
    path.write_bytes(data.tobytes())


def chart(curves: dict[str, list[tuple[float, float]]], images: Path) -> None:
    """Write the fitness of each generation in the real game as a chart."""
    colours = {"best": "#0072b2", "mean": "#d55e00"}
    lines = [Line(f"{name} of a generation", colours[name], "", points) for name, points in curves.items()]
    images.mkdir(parents=True, exist_ok=True)
    (images / "world_model-fitness.svg").write_text(line_chart(lines, "steps in the real game", "return"))


def curves_of(run: Path) -> dict[str, list[tuple[float, float]]]:
    """Return best and mean fitness of the generations in the real game, with the steps."""
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
    told = with_block(told, "scores", "\n".join([f"{result['what']}:", "", *rows]))
    rows = ["| steps foreseen | M | a copy of the picture before |", "|---|---|---|"]
    both = result["foresight"]
    rows.append(f"| 1, expected | **{both['foreseen']:.3f}** | {both['copied']:.3f} |")
    for horizon, errors in result["drift"].items():
        rows.append(f"| {horizon}, dreamt | {errors['dreamt']:.3f} | {errors['copied']:.3f} |")
    PAGE.write_text(with_block(told, "foresight", "\n".join(rows)))


def main() -> None:
    """Measure, or write the page."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", nargs="?", choices=["play", "page"], default="play")
    options.add_argument("--level", default="Tumbleweed-Genesis-v0/Mesa.Act1")
    options.add_argument("--steps", type=int, default=150_000, help="steps in the real game")
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


def play(arguments: Any) -> None:
    """Collect, train, judge, and publish."""
    work, level, steps = arguments.work, arguments.level, arguments.steps
    collect(work, level, arguments.share)
    run = work / "runs" / "small"
    if not run.is_dir():
        fields = [part for field in arguments.fields for part in ("--set", field)]
        ngp(
            "train", "world_model", "--preset", "small", "--demonstrations", work / "data", "--level", level, *fields,
            "--steps", steps, "--num-envs", 16, "--threads", 1, "--checkpoint-every", max(steps // 10, 1), "--run", run,
        )  # fmt: skip
    trained = load(run, work / "unseen")
    pictures(trained, arguments.images)
    curves = curves_of(run)
    chart(curves, arguments.images)
    own = ("world_model", "--frozen", "--init")
    newest = max((run / "checkpoints").glob("0*.safetensors"))
    ways = {
        "world_model": (*own, newest),
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
            "steps": steps,
            "foresight": foresight(trained),
            "drift": drift(trained, 100),
            "curves": curves,
        },
        arguments.results,
        ("torch",),
    )


if __name__ == "__main__":
    main()
