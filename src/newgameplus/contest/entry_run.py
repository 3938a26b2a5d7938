"""One level, one seed, for an agent in a sandbox: it plays through a socket until the budget or a limit ends it.

The agent is an entry, or one of ours (:mod:`newgameplus.contest.inside`). The results are those of an agent in this
process, and beside them ``end.json``, what the program printed, and both on one timeline. Nothing of a program can be
saved while it plays, so an interrupted run is played anew from its beginning.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from newgameplus.agents import AGENTS
from newgameplus.contest import inside
from newgameplus.contest.entry_plan import EntryPlan
from newgameplus.contest.judged_world import JudgedWorld, Progress, open_judged_world
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import Rules
from newgameplus.contest.run import conclude
from newgameplus.contest.session_log import SessionLog
from newgameplus.durable import hold
from newgameplus.errors import UsageError
from newgameplus.printable import printable_field
from newgameplus.remote.ends import End, Reason
from newgameplus.remote.entries.build import packages_of
from newgameplus.remote.entries.launch import entry_spec, environment, masked, own_python
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.sandbox.choice import ISOLATING, Way, choose
from newgameplus.remote.sandbox.spec import Bind, Spec
from newgameplus.remote.sandbox.started import Started
from newgameplus.remote.server import greeting_of, serve
from newgameplus.remote.transport import socket_pair
from newgameplus.results.runs import RunFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.live import Showing, Standing
from newgameplus.training.seeds import split_seed
from newgameplus.training.worlds import make_single_world

REPORT_SECONDS = 0.25
"""Interval of progress reports."""
LEAVE_SECONDS = 1.0
"""Time that a program has to end by itself once its session is over."""
PATIENT = SessionLimits(max_timesteps=None, step_seconds=1e9, bank_seconds=0.0, first_seconds=600.0)
"""Limits of one of our agents, which has in a sandbox the time that it has in this process."""
STRICT = SessionLimits(max_timesteps=None)
"""Limits of an entry; the judge counts steps and episodes."""
_WEIGHTS = Path("/weights.safetensors")
"""Where the initial weights of one of our agents lie in a sandbox."""


class SessionFailedError(Exception):
    """A session ended otherwise than with its budget.

    Args:
        end: how it ended.
        detail: the limit that was broken, as a clause, or "".
        log: file with what the agent printed.
    """

    def __init__(self, end: End, detail: str, log: Path) -> None:
        self.end = end
        self.sentence = end.told() if not detail else f"{end.told().removesuffix('.')}: {detail}."
        """What happened."""
        said = next((line.strip() for line in reversed(end.last_lines) if line.strip()), "")
        last = f"; its last line was: {printable_field(said[:200])!r}" if said else ""
        super().__init__(f"{self.sentence.removesuffix('.')}{last}; see {log}.")


def check_sandbox(plan: Plan) -> None:
    """Check that an agent can play in a sandbox, before anything is written.

    Raises:
        SandboxError: there is no such sandbox here.
        NewGamePlusError: the agent cannot play so, or lacks something here.
    """
    agent, level = plan.agent, plan.world.levels[0]
    sandbox = _sandbox_of(plan)
    if isinstance(agent, AgentPlan):
        if ":" in agent.name or agent.name not in AGENTS:
            raise UsageError(
                f"{agent.name} is not one of the agents of New Game Plus that can play in a sandbox: bring an agent of "
                "your own as an entry, see: ngp entry new"
            )
        if agent.demonstrations is not None or agent.prefill is not None:
            raise UsageError("In a sandbox there are no movies: leave out --demonstrations and --prefill.")
    spec_of(Job(plan, level, plan.seeds[0], Path()), [], is_isolated=sandbox.NAME in ISOLATING)
    with closing(make_single_world(plan.world, level, agent.specs())) as world:
        greeting_of(world, has_memory=False).check()


def play_in_sandbox(job: Job, report: Callable[[Progress], None], limits: SessionLimits | None = None) -> None:
    """Play a run from its beginning to its end; what an interrupted one has left is replaced.

    An episode that the agent left unfinished counts as it is, however the session ended, unless the rules drop it.

    Args:
        job: the run.
        report: called with the progress from time to time.
        limits: limits of the session; None for the contest's, and for one of our agents those of its process.

    Raises:
        SessionFailedError: it ended otherwise than with its budget; the run is not complete.
        NewGamePlusError: the level, the entry or the sandbox cannot be had.
    """
    folder = RunFolder(job.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    with hold(folder.path, "--results"):
        if folder.is_complete():
            return
        log = SessionLog(folder)
        world = open_judged_world(
            job.plan.world,
            job.level,
            job.plan.agent.specs(),
            job.plan.rules,
            folder,
            seed=split_seed(job.seed, job.level)[0],
            records_movies=job.plan.records_movies,
        )
        with closing(world):
            end, detail = _served(job, world, log, report, limits or _limits_of(job))
            world.conclude()
            world.state()  # syncs the logs
        if not end.is_as_planned:
            raise SessionFailedError(end, detail, folder.entry_log)
        conclude(job, world.progress)
    report(world.progress)


def _sandbox_of(plan: Plan) -> Way:
    assert plan.sandbox is not None
    return choose(plan.sandbox)


def _limits_of(job: Job) -> SessionLimits:
    limits = STRICT if isinstance(job.plan.agent, EntryPlan) else PATIENT
    return replace(limits, max_wall_clock_seconds=job.plan.rules.max_wall_clock_seconds)


def _served(
    job: Job, world: JudgedWorld, log: SessionLog, report: Callable[[Progress], None], limits: SessionLimits
) -> tuple[End, str]:
    """Start the agent and serve it the world until the session is over; return how it ended, and the limit it broke."""
    sandbox = _sandbox_of(job.plan)
    with ExitStack() as opened:
        transport, theirs = socket_pair()
        opened.callback(transport.close)
        with closing(theirs):
            spec = spec_of(job, [theirs.fileno()], is_isolated=sandbox.NAME in ISOLATING)
            started = opened.enter_context(sandbox.start(spec))
        session = _Session(job.plan.rules, world, started, log, report)
        session.showing = opened.enter_context(closing(Showing(job.folder, world.world)))
        log.begin()
        end = End(Reason.ERROR)
        try:
            end = serve(world, transport, limits, pictures=world.world, watch=session.watch, judge=session.judge)
            if end.is_as_planned:
                started.wait(LEAVE_SECONDS)
        finally:
            started.close()
            cpu_seconds = started.cpu_seconds()
            end = replace(end, cpu_seconds=cpu_seconds, status=started.status, last_lines=started.last_lines())
            end = log.finish(end, started.lines())
    return end, started.detail


def spec_of(job: Job, descriptors: Sequence[int], *, is_isolated: bool) -> Spec:
    """Return how the agent of a run is started.

    Args:
        job: the run.
        descriptors: open files that it gets, the socket first.
        is_isolated: whether the sandbox gives it a file system of its own.

    Raises:
        NewGamePlusError: the entry is gone or not what it was, or lacks something here.
    """
    plan = job.plan.agent
    if isinstance(plan, EntryPlan):
        stored = plan.stored()
        packages = packages_of(stored.entry, stored.folder, Path(plan.path))
        return entry_spec(stored.entry, stored.folder, descriptors, packages=packages, is_isolated=is_isolated)
    python = own_python()
    weights = () if plan.init is None else (Bind(Path(plan.init), _WEIGHTS),)
    init = None if plan.init is None else str(_WEIGHTS if is_isolated else plan.init)
    order = inside.order(plan, split_seed(job.seed, job.level)[1], job.plan.rules.max_timesteps, init)
    binds = (*python.binds, *weights)
    return Spec(
        argv=(str(python.program), "-P", "-m", inside.__name__, order),  # no module is looked for in the folder /tmp
        env=environment(),
        binds=binds if is_isolated else (),
        masked=masked(binds) if is_isolated else (),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        descriptors=tuple(descriptors),
    )


@dataclass
class _Session:
    """What is asked while a session is served."""

    rules: Rules
    world: JudgedWorld
    started: Started
    log: SessionLog
    report: Callable[[Progress], None]
    showing: Showing | None = None
    next_report: float = field(default_factory=time.monotonic)

    def watch(self) -> Reason | None:
        """Report the progress if it is time; return why the agent's program ended or must be ended."""
        now = time.monotonic()
        if now >= self.next_report:
            self.report(self.world.progress)
            self.next_report = now + REPORT_SECONDS
        reason = self.started.poll()
        self.log.keep(self.started.lines)
        return reason

    def judge(self) -> Reason | None:
        """Return which part of the budget is spent, after a step."""
        self.log.follow(self.world.progress)
        if self.world.is_spent:
            return _spent(self.world.progress, self.rules)
        self._show()
        return None

    def _show(self) -> None:
        if self.showing is not None and self.world.action is not None and self.showing.is_due():
            progress, (episode_return, num_steps) = self.world.progress, self.world.episode
            episode = np.array([episode_return]), np.array([num_steps])
            self.showing.show(
                self.world.action,
                Standing(progress.num_steps, progress.num_episodes, progress.elapsed_seconds, *episode),
            )


def _spent(progress: Progress, rules: Rules) -> Reason:
    if progress.is_out_of_timesteps(rules):
        return Reason.TIMESTEPS
    is_out_of_episodes = rules.max_episodes is not None and progress.num_episodes >= rules.max_episodes
    return Reason.EPISODES if is_out_of_episodes else Reason.WALL_CLOCK
