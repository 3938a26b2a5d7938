"""Times how long a ten-minute movie takes to become an mp4 with sound, against stable-retro's playback_movie.

Both programs run as whole processes, start-up included, in turns, on the same movie of seeded random buttons.
stable-retro's needs the ffmpeg program and a display, so Debian's ``ffmpeg`` and ``xvfb`` must be installed.
Then both videos are compared with the pictures that the emulator drew.

Run: python -m benchmarks.speed.render_movie [--minutes 10] [--rounds 2]
"""

from __future__ import annotations

import datetime
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.turns import parse, parser
from newgameplus.envs.retro import RetroEnv
from newgameplus.executor.local import available_cores
from newgameplus.games.levels import find_level
from newgameplus.movies.playback import Playback
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.movies.video import RenderOptions
from newgameplus.types import Array

LEVEL = "Airstriker-Genesis-v0/Level1"
TARGET_RATIO = 2.5
SEED = 2018
HOLD_FRAMES = 8
SAMPLE_FRAMES = 97
"""Every so many frames the videos are compared with the source."""


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=2)
    options.add_argument("--minutes", type=float, default=10.0)
    arguments = parse(options, minutes=0.1)
    missing = [program for program in ("ffmpeg", "xvfb-run") if shutil.which(program) is None]
    if missing:
        sys.exit(f"stable-retro's playback_movie cannot run: install Debian's ffmpeg and xvfb ({missing} missing).")
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), int(arguments.minutes * 3600), arguments.rounds)
    print(json.dumps(result, indent=1))
    target = arguments.results / f"{datetime.date.today()}_render_movie"
    target.mkdir(parents=True, exist_ok=True)
    (target / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['ratio']:.2f} times as fast as stable-retro (wanted: {TARGET_RATIO}); written to {target}")


def measure(folder: Path, num_frames: int, num_rounds: int) -> dict[str, Any]:
    """Run both programs in turns and describe what they made."""
    movie = record(folder, num_frames)
    ours, theirs = folder / "ours" / f"{movie.stem}.mp4", movie.with_suffix(".mp4")
    ngp = [sys.executable, "-m", "newgameplus", "movie", "render", str(movie), "-o", str(ours.parent), "--overwrite"]
    retro = ["xvfb-run", "-a", sys.executable, "-m", "stable_retro.scripts.playback_movie", str(movie)]
    seconds: dict[str, list[float]] = {"newgameplus": [], "stable-retro": []}
    for _ in range(num_rounds):
        seconds["newgameplus"].append(timed(ngp))
        seconds["stable-retro"].append(timed(retro))
    options = RenderOptions()
    settings = {
        "newgameplus": f"x264 {options.preset} crf {options.quality} with CABAC and i4x4, AAC 128k (coder fast)",
        "stable-retro": "x264 slow crf 17, AAC 128k (coder twoloop)",
    }
    # stable-retro leaves out the frame that the reset runs; ours shows it.
    quality = compare(movie, {"newgameplus": (ours, 0), "stable-retro": (theirs, 1)})
    return {
        "what": "wall-clock seconds from movie to mp4 with sound, start-up included, in turns",
        "level": LEVEL,
        "num_frames": num_frames + 1,
        "ratio": statistics.median(seconds["stable-retro"]) / statistics.median(seconds["newgameplus"]),
        "programs": {
            name: {"seconds": times, "settings": settings[name], **quality[name]} for name, times in seconds.items()
        },
        "machine": {"platform": platform.platform(), "num_cores": available_cores()},
        "versions": {name: version(name) for name in ("newgameplus", "stable-retro", "av", "numpy")}
        | {"python": platform.python_version(), "ffmpeg": ffmpeg_version()},
    }


def record(folder: Path, num_frames: int) -> Path:
    """Record seeded random buttons, each combination held for some frames, past the end of the game."""
    env = RetroEnv(find_level(LEVEL), kind="none", listeners=[MovieRecorder(folder)])
    random = np.random.default_rng(SEED)
    try:
        env.reset()
        for start in range(0, num_frames, HOLD_FRAMES):
            mask = int(random.integers(2 ** len(env.buttons)))
            for _ in range(min(HOLD_FRAMES, num_frames - start)):
                env.advance(mask)
    finally:
        env.close()
    return next(folder.glob("*.bk2"))


def timed(command: list[str]) -> float:
    """Run a program and return how long it took, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(movie: Path, videos: dict[str, tuple[Path, int]]) -> dict[str, dict[str, Any]]:
    """Compare videos with what the emulator draws; each comes with the movie's frame that it begins at."""
    source = {}
    with Playback(movie) as playback:
        for number, _ in enumerate(playback.frames()):
            if number % SAMPLE_FRAMES == SAMPLE_FRAMES - 1:
                source[number] = playback.picture()
    return {name: describe(path, first, source) for name, (path, first) in videos.items()}


def describe(path: Path, first: int, source: dict[int, Array]) -> dict[str, Any]:
    """Size, streams and likeness of one video."""
    errors, likeness, num_pictures, times = [], [], 0, []
    with av.open(str(path)) as file:
        streams = [f"{stream.type} {stream.codec_context.name}" for stream in file.streams]
        for picture in file.decode(video=0):
            wanted = source.get(num_pictures + first)
            times.append(picture.pts or 0)
            num_pictures += 1
            if wanted is not None:
                shown = picture.to_ndarray(format="rgb24")
                errors.append(float(np.mean((shown.astype(np.float64) - wanted) ** 2)))
                likeness.append(ssim(luma(shown), luma(wanted)))
    return {
        "size_bytes": path.stat().st_size,
        "num_pictures": num_pictures,
        "is_evenly_timed": len({later - earlier for earlier, later in pairwise(times)}) == 1,
        "streams": streams,
        "rgb_psnr_db": 10 * float(np.log10(255**2 / np.mean(errors))),
        "luma_ssim": float(np.mean(likeness)),
    }


def luma(picture: Array) -> Array:
    """The brightness of an RGB picture, float64 ``[H, W]``."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(np.float64)


def ssim(left: Array, right: Array) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window of 11 pixels, sigma 1.5, mean over the picture."""

    def blur(image: Array) -> Array:
        return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5))

    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_left, mean_right = blur(left), blur(right)
    variance_left = blur(left * left) - mean_left**2
    variance_right = blur(right * right) - mean_right**2
    covariance = blur(left * right) - mean_left * mean_right
    above = (2 * mean_left * mean_right + low) * (2 * covariance + high)
    below = (mean_left**2 + mean_right**2 + low) * (variance_left + variance_right + high)
    return float(np.mean(above / below))


def ffmpeg_version() -> str:
    """The first words of ``ffmpeg -version``."""
    output = subprocess.run(["ffmpeg", "-version"], check=True, capture_output=True, text=True).stdout
    return " ".join(output.split()[:3])


if __name__ == "__main__":
    main()
