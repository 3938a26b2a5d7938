"""A population whose individuals are played one by one: the same run in any number of processes, and resumed."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents.configuration import configure
from newgameplus.agents.es.agent import Es
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.cli.main import run
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import NewGamePlusError, ResultsError, UsageError
from newgameplus.executor.interface import Begun, Task
from newgameplus.executor.local import LocalExecutor
from newgameplus.executor.retries import RetryingExecutor
from newgameplus.games.levels import find_level
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.testing.promises import first_difference
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan
from tests.agents.neat.conftest import small

pytestmark = pytest.mark.usefixtures("one_thread")
LEVELS = ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Canyon.Act1")
SMALL = {"encoder": "dqn-2013", "num_hidden": "16", "num_individuals": "4", "sigma": "0.5"}


def plan_of(name: str) -> TrainingPlan:
    config = configure(Es, "default", SMALL) if name == "es" else small()
    return TrainingPlan(
        agent=AgentPlan(name, "default", config),
        world=WorldPlan(tuple(map(find_level, LEVELS)), rules=WorldRules(max_episode_steps=10)),
        num_envs=1,
        total_steps=240,
        checkpoint_steps=100,
        log_steps=100,
        plays_apart=True,
    )


def leave(part: Any, tell: Any, *, shared: Any) -> None:
    """End the process in mid-task."""
    os._exit(1)


class Unlucky(LocalExecutor[Any]):
    """Ends the process of every third task once, as a worker that is lost does."""

    def __init__(self, num_processes: int) -> None:
        super().__init__(num_processes)
        self.num_begun = self.num_killed = 0

    def events(self, tick_seconds: float | None = None) -> Any:
        for event in super().events(tick_seconds):
            if isinstance(event, Begun):
                self.num_begun += 1
                if self.num_begun % 3 == 0:
                    self.num_killed += 1
                    next(child for task, child in self._running.values() if task is event.task).process.kill()
            yield event


def played(plan: TrainingPlan, folder: Path, executor: LocalExecutor[Any], stop: int | None = None) -> TrainingFolder:
    begin(plan, folder)
    done = [0]
    for stop_at in (plan.total_steps,) if stop is None else (stop, plan.total_steps):
        playing = RetryingExecutor(executor if stop is None else LocalExecutor[Any](1))
        for report in train(read_plan(folder), folder, partial(_reached, done, stop_at), playing):
            done.append(report.num_steps)
    return TrainingFolder(folder)


def _reached(done: list[int], stop: int) -> bool:
    return done[-1] >= stop


def assert_same(one: TrainingFolder, other: TrainingFolder) -> None:
    states = [folder.last_checkpoint() for folder in (one, other)]
    assert states[0] is not None
    assert states[1] is not None
    assert first_difference(states[0]["agent"], states[1]["agent"]) is None
    assert one.log("episodes").read_bytes() == other.log("episodes").read_bytes()


@pytest.fixture(scope="module", params=["neat", pytest.param("es", marks=pytest.mark.nightly)])
def one_process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    folder = tmp_path_factory.mktemp("apart") / request.param
    return played(plan_of(request.param), folder, LocalExecutor[Any](1))


def test_generations_are_played_and_told(one_process: TrainingFolder) -> None:
    saved = one_process.last_checkpoint()
    assert saved is not None
    assert saved["tracker"]["num_steps"] >= 240
    episodes = one_process.lines("episodes")
    assert {line["level"] for line in episodes} == set(LEVELS)
    assert sum(line["length"] for line in episodes) == saved["tracker"]["num_steps"]
    assert one_process.lines("metrics")[-1]["learning/generation"] >= 1


def test_two_processes_of_which_some_are_killed_play_the_same_run(one_process: TrainingFolder, tmp_path: Path) -> None:
    executor = Unlucky(2)
    name = one_process.path.name
    assert_same(one_process, played(plan_of(name), tmp_path / "run", executor))
    assert executor.num_killed >= 3


def test_left_and_resumed_it_ends_as_if_never_left(one_process: TrainingFolder, tmp_path: Path) -> None:
    again = played(plan_of(one_process.path.name), tmp_path / "run", LocalExecutor[Any](1), stop=90)
    assert_same(one_process, again)


def test_an_individual_that_cannot_be_played_ends_the_run_with_the_reason(tmp_path: Path) -> None:
    plan = plan_of("es")
    lost = replace(plan.world.levels[0], state="Nowhere")
    broken = replace(plan, world=replace(plan.world, levels=(lost,)))
    begin(broken, tmp_path / "run")
    with pytest.raises(NewGamePlusError, match="Nowhere"):
        list(train(broken, tmp_path / "run"))


def test_an_agent_without_individuals_is_refused() -> None:
    plan = replace(plan_of("es"), agent=AgentPlan("ppo", "default", configure(Ppo)))
    with pytest.raises(UsageError, match="has no individuals to play elsewhere; leave out --on"):
        check(plan)


def test_a_process_that_ends_again_and_again_is_told(tmp_path: Path) -> None:
    class Ending(LocalExecutor[Any]):
        def submit(self, task: Task[Any]) -> None:
            super().submit(replace(task, work=leave))

    plan = plan_of("neat")
    begin(plan, tmp_path / "run")
    with pytest.raises(ResultsError, match="The process that played individual 1 ended with exit code 1; "):
        list(train(plan, tmp_path / "run", executor=Ending(1)))


def test_ngp_train_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("neat.cfg").write_text(small().file.text)
    options = ["--level", LEVELS[0], "--episode-steps", "5", "--set", "file=neat.cfg", "--steps"]
    assert run(["train", "neat", *options, "30", "--on", "local", "--run", "run"]) == 0
    assert "by individuals that are played one by one" in capsys.readouterr().err
    assert TrainingFolder(Path("run")).manifest()["plays_apart"] is True
    assert run(["train", "neat", *options, "30", "--on", "local", "--num-envs", "2", "--run", "other"]) == 2
    assert "leave out --num-envs" in capsys.readouterr().err
    assert run(["train", "neat", *options, "30", "--on", "tcp://127.0.0.1:1", "--run", "other"]) == 2
    assert "There is no scheduler at tcp://127.0.0.1:1" in capsys.readouterr().err
    assert not Path("other").exists()
    assert run(["train", "neat", *options, "8", "--num-envs", "2", "--run", "rows"]) == 0
    assert run(["train", "--resume", "--run", "rows", "--on", "local"]) == 2
    assert "--on goes with runs that were begun with it" in capsys.readouterr().err
