"""A person who plays the runs of an evaluation, one after another, judged like an agent.

No window and no clock, as in :mod:`newgameplus.session.playthrough`: who calls :meth:`Sitting.turn` does so once per
frame of the console. A step is played when its first frame is due, with the buttons that are held then; its frames are
shown one per turn. What the rules do not have, such as going back, is refused in a sentence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from newgameplus.agents.interface import IsPlayedByHand
from newgameplus.contest.evaluation import jobs_of, write_scores
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import Rules, find_rules
from newgameplus.contest.run import Run, playing
from newgameplus.durable import hold
from newgameplus.emulator.interface import Emulator
from newgameplus.envs.retro import Played
from newgameplus.fields import to_json
from newgameplus.games.levels import Level
from newgameplus.results.evaluations import Results
from newgameplus.results.runs import RunFolder
from newgameplus.session.commands import Command, Request
from newgameplus.session.playthrough import NOTE_SECONDS, Ears, Hands, Sign, View, clock_time
from newgameplus.types import Array

REFUSED = {
    Command.REWIND: "Under the rules there is no way back",
    Command.STEP_BACK: "Under the rules there is no way back",
    Command.ADVANCE: "Under the rules the game runs at its own speed",
    Command.FAST: "Under the rules the game runs at its own speed",
    Command.SLOWER: "Under the rules the game runs at its own speed",
    Command.FASTER: "Under the rules the game runs at its own speed",
    Command.SAVE: "Under the rules there are no slots",
    Command.LOAD: "Under the rules there are no slots",
    Command.RESTART: "Under the rules only the level ends an episode",
    Command.AGAIN: "Under the rules only the level ends an episode",
    Command.NEXT: "The next level begins when the budget of this one is spent",
    Command.SCREENSHOT: "Every episode is kept as a movie; take pictures of that",
}
"""Why a command is refused."""


@contextmanager
def sit_down(results: Results, plan: Plan, hands: Hands) -> Iterator[Sitting]:
    """Let a person play what is not complete of ``plan``, and keep ``scores.json`` up to date.

    Args:
        results: a directory that holds the plan's manifest.
        plan: plan of an agent that is played by hand, with at least one run that is not complete.
        hands: what the person holds.

    Raises:
        ResultsError: another process writes to the directory, or it is corrupt.
        NewGamePlusError: a level cannot be played.
    """
    with hold(results.path, "--results"):
        write_scores(results, plan)  # corrupt files are found before anything is played
        sitting = Sitting(results, plan, hands)
        try:
            yield sitting
        finally:
            sitting.close()
            write_scores(results, plan)


class _Frames:
    """Frames that were run and not yet shown, a :class:`~newgameplus.envs.retro.FrameWatcher`."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Array, Array]] = deque()
        """Picture uint8 ``[H, W, 3]`` and sound int16 ``[samples, 2]`` of each."""
        self.frames_per_second = self.samples_per_second = 0.0

    def frame_shown(self, emulator: Emulator) -> None:
        """Keep a frame."""
        self.frames_per_second, self.samples_per_second = emulator.frames_per_second, emulator.samples_per_second
        self.waiting.append((emulator.screen(), np.array(emulator.audio())))

    def episode_started(self, env: Played) -> None:
        """Do nothing; the frame is shown, too."""

    def frame_ran(self, mask: int, reward: float) -> None:
        """Do nothing; the frame is shown, too."""

    def episode_ended(self, env: Played) -> None:
        """Do nothing."""


class Sitting:
    """What a person sees and asks for while playing the runs of a plan; see :func:`sit_down`.

    Each level waits for a button before it begins, which counts neither as steps nor as time, and so does a pause.
    Leaving ends the episode as it is, and it counts.
    """

    choices: ClassVar[Mapping[Command, str]] = {Command.LEAVE: "leaves"}
    """What a person can do while a level waits, besides pressing a button."""
    refused: ClassVar[frozenset[Command]] = frozenset(REFUSED)
    """Commands that are answered with a sentence only."""

    def __init__(self, results: Results, plan: Plan, hands: Hands) -> None:
        self.is_running = True
        """False after the person has asked to leave."""
        self.is_paused = self.shows_help = self.shows_variables = False
        self._results, self._plan, self._hands = results, plan, hands
        self._ears: Ears | None = None
        jobs = jobs_of(plan, results)
        self._jobs = deque(job for job in jobs if not RunFolder(job.folder).is_complete())
        self._frames = _Frames()
        self._note, self._note_until, self._now = "", 0.0, 0.0
        self._is_released = False
        """Whether no button was held since the level waits for one."""
        self._has_begun = False
        self._job: Job
        self._turns: Generator[Run]
        self._run: Run
        self._open()

    @property
    def level(self) -> Level:
        """The level that is played."""
        return self._job.level

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console."""
        return self._frames.frames_per_second

    @property
    def samples_per_second(self) -> float:
        """Sound samples per second of the console."""
        return self._frames.samples_per_second

    def listen(self, ears: Ears) -> None:
        """Let the sound be heard."""
        self._ears = ears

    def turn(self, now: float) -> None:
        """Let the time of one frame pass.

        Args:
            now: seconds of a monotonic clock.
        """
        self._now = now
        if self._hands.is_rewinding or self._hands.is_fast:
            self.say(REFUSED[Command.REWIND if self._hands.is_rewinding else Command.FAST])
        if self._ending():
            self._wait_for_button()
            return
        if self.is_paused or self.shows_help:
            return
        if not self._frames.waiting:
            self._step()
        self._picture, sound = self._frames.waiting.popleft()
        if self._ears is not None:
            self._ears.play(sound, 1.0)

    def say(self, note: str) -> None:
        """Show a message for a moment."""
        self._note, self._note_until = note, self._now + NOTE_SECONDS

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""
        return self._picture

    def do(self, request: Request) -> None:
        """Carry out a request, or say why not; what concerns only the window is passed over."""
        if request.command in REFUSED:
            self.say(REFUSED[request.command])
        elif request.command is Command.LEAVE:
            self._leave()
        elif request.command is Command.PAUSE:
            self.is_paused = not self.is_paused
            self._stand_still()
        elif request.command is Command.HELP:
            self.shows_help = not self.shows_help
            self._stand_still()
        elif request.command is Command.HUD:
            self.shows_variables = not self.shows_variables

    def view(self) -> View:
        """What is shown over the picture; without the bindings, which the hands know."""
        return View(
            sign=Sign.PAUSED if self.is_paused else None,
            note=self._note if self._now < self._note_until else "",
            variables=self._standing() if self.shows_variables else (),
            ending=self._ending(),
        )

    def close(self) -> None:
        """Free the console; an episode that was not left is played again when the run goes on."""
        self._turns.close()

    def _open(self) -> None:
        """Switch on the console of the next run; it waits for a button."""
        self._job = self._jobs.popleft()
        self._turns = playing(self._job, lambda progress: None, [self._frames])
        self._run = next(self._turns)
        assert isinstance(self._run.agent, IsPlayedByHand)
        self._run.agent.seat(self._hands.take_mask)
        self._picture = self._frames.waiting.popleft()[0]
        self._has_begun = False
        self._stand_still()

    def _stand_still(self) -> None:
        self._run.world.stop_clock()
        self._hands.take_mask()
        self._is_released = False
        if self._ears is not None:
            self._ears.stop()

    def _wait_for_button(self) -> None:
        """Begin the level, or open the next one, when a button is pressed anew."""
        mask = self._hands.take_mask()
        if not mask:
            self._is_released = True
        elif self._is_released and not self._has_begun:
            self._has_begun = True
        elif self._is_released and self._jobs:
            self._open()

    def _step(self) -> None:
        """Play a step, and end the run where the budget is spent."""
        world, progress = self._run.world, self._run.world.progress
        num_episodes, before = progress.num_episodes, progress.sum_of_returns
        world.start_clock()
        next(self._turns)
        if progress.num_episodes > num_episodes:
            self.say(f"Episode {progress.num_episodes}: {progress.sum_of_returns - before:,.0f}")
        if progress.is_complete:
            self._conclude()

    def _conclude(self) -> None:
        """Write the summary of the run and the scores."""
        for _ in self._turns:
            pass
        write_scores(self._results, self._plan)
        self._stand_still()

    def _leave(self) -> None:
        self.is_running = False
        if self._run.world.progress.is_complete:
            return
        if self._run.leave():
            self._conclude()

    def _ending(self) -> tuple[str, ...]:
        """What is shown while a level waits: title, what counts, and what to do next; empty while it is played."""
        progress, state = self._run.world.progress, self.level.state
        if not self._has_begun:
            left = f", {len(self._jobs)} more to come" if self._jobs else ""
            return (state, "Press a button", f"{' or '.join(_budget(self._plan.rules))}{left}")
        if not progress.is_complete or self._frames.waiting:
            return ()
        score = "No episode" if progress.score is None else f"{progress.score:,.0f}"
        return (state, score, f"mean of {_counted(progress.num_episodes, 'episode')}", self._what_next())

    def _what_next(self) -> str:
        return f"Press a button for {self._jobs[0].level.state}" if self._jobs else "All is played"

    def _standing(self) -> list[tuple[str, str]]:
        progress, rules = self._run.world.progress, self._plan.rules
        episode_return, _ = self._run.world.episode
        return [
            ("this episode", f"{episode_return:,.0f}"),
            ("score so far", "–" if progress.score is None else f"{progress.score:,.0f}"),
            ("episodes", f"{progress.num_episodes:,}"),
            ("steps", f"{progress.num_timesteps(rules):,}"),
            ("time", clock_time(progress.elapsed_seconds)),
            ("budget spent", f"{progress.fraction(rules):.0%}"),
        ]


def _budget(rules: Rules) -> list[str]:
    """The limits of a run that were chosen, in words; all limits where none was."""
    usual = find_rules(rules.name)
    seconds = rules.max_wall_clock_seconds
    limits = {
        "max_timesteps": _counted(rules.max_timesteps or 0, "step"),
        "max_episodes": _counted(rules.max_episodes or 0, "episode"),
        "max_wall_clock_seconds": f"{(seconds or 0) / 60:,.4g} minutes",
    }
    values, usual_values = to_json(rules), to_json(usual)
    limits = {name: told for name, told in limits.items() if values[name] is not None}
    return [told for name, told in limits.items() if values[name] != usual_values[name]] or list(limits.values())


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
