"""A population whose individuals are played on a cluster evolves as it does on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from newgameplus.cluster.connect import executor_on
from newgameplus.executor.local import LocalExecutor
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.plan import begin
from newgameplus.training.run import train
from tests.conftest import Cluster
from tests.training.test_individuals import LEVELS, assert_same, plan_of, played


@pytest.mark.parametrize("name", ["neat", pytest.param("es", marks=pytest.mark.nightly)])
def test_a_run_on_a_cluster_is_the_run_of_one_process(name: str, cluster: Cluster, tmp_path: Path) -> None:
    plan, folder = plan_of(name), tmp_path / "there"
    begin(plan, folder)
    executor = executor_on(cluster.address, games={level.partition("/")[0] for level in LEVELS})
    assert list(train(plan, folder, executor=executor))
    assert_same(TrainingFolder(folder), played(plan, tmp_path / "here", LocalExecutor[Any](1)))
