"""The engine's observations equal stable-retro's screens, OpenCV and the wrappers, bit for bit."""

from __future__ import annotations

from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import pytest
import stable_retro
from gymnasium import spaces
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from newgameplus._engine import EngineError, PictureObserver
from newgameplus.envs.wrappers.observation import apply_observation_spec
from newgameplus.types import WARPED, Array, ObservationSpec

Bytes = NDArray[np.uint8]
FORMATS = ("rgb565", "0rgb1555", "xrgb8888")


class Film(gym.Env[Array, Any]):
    """Shows given pictures, one after the other."""

    def __init__(self, pictures: list[Bytes]) -> None:
        self._pictures = pictures
        self._place = 0
        self.observation_space = spaces.Box(0, 255, pictures[0].shape, np.uint8)
        self.action_space = spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Show the first picture."""
        super().reset(seed=seed)
        self._place = 0
        return self._pictures[0], {}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Show the next picture."""
        self._place += 1
        return self._pictures[self._place], 0.0, False, False, {}


def colours_of(pixels: NDArray[Any], pixel_format: str) -> Bytes:
    """What stable-retro makes of a core's pixels: low bits stay 0."""
    shifts = {"rgb565": (8, 3, -3), "0rgb1555": (7, 2, -3), "xrgb8888": (16, 8, 0)}[pixel_format]
    masks = {"rgb565": (0xF8, 0xFC, 0xF8), "0rgb1555": (0xF8, 0xF8, 0xF8), "xrgb8888": (255, 255, 255)}[pixel_format]
    wide = pixels.astype(np.int64)
    channels = [(wide >> s if s >= 0 else wide << -s) & mask for s, mask in zip(shifts, masks, strict=True)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def to_565(screen: Bytes) -> NDArray[np.uint16]:
    """The pixels that a core drew, from stable-retro's screen."""
    red, green, blue = (screen[..., channel].astype(np.uint16) for channel in range(3))
    return (red << 8 | green << 3 | blue >> 3).astype(np.uint16)


def rows_of(pixels: NDArray[Any], pitch: int) -> bytes:
    """The pixels as a core hands them out, with a gap after each row."""
    lines = [line.tobytes().ljust(pitch, b"\xaa") for line in pixels]
    return b"".join(lines)


def observer_of(spec: ObservationSpec, pixels: NDArray[Any], pitch: int, **more: Any) -> PictureObserver:
    """The engine's observer for pictures like ``pixels``."""
    height, width = pixels.shape
    return PictureObserver(
        width=width,
        height=height,
        pitch=pitch,
        crop=spec.crop or (0, 0, 0, 0),
        gray=spec.gray,
        size=spec.size or (0, 0),
        stack=spec.stack,
        **more,
    )


def random_pixels(seed: int, height: int, width: int, pixel_format: str = "rgb565") -> NDArray[Any]:
    """Noise in which flat stretches occur too."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 1 << 32, (height, width), dtype=np.uint64)
    pixels[:, : width // 3] = pixels[0, 0]
    return pixels.astype("<u4" if pixel_format == "xrgb8888" else "<u2")


@pytest.fixture(scope="module")
def screens() -> list[Bytes]:
    env = stable_retro.make("Airstriker-Genesis-v0", render_mode="rgb_array")
    try:
        env.reset(seed=0)
        env.action_space.seed(0)
        seen = []
        for frame in range(240):
            observation = env.step(env.action_space.sample())[0]
            if frame % 6 == 0:
                seen.append(observation.copy())
    finally:
        env.close()
    return seen


@pytest.mark.parametrize(
    "spec",
    [
        WARPED,
        ObservationSpec(),
        ObservationSpec(gray=True),
        ObservationSpec(size=(84, 84), stack=3),
        ObservationSpec(crop=(24, 8, 16, 0), gray=True, size=(96, 80), stack=2),
        ObservationSpec(gray=True, size=(112, 160), stack=4),
    ],
)
def test_real_screens_look_as_through_the_wrappers(screens: list[Bytes], spec: ObservationSpec) -> None:
    env = apply_observation_spec(Film(screens), spec)
    pitch = 1440
    observer = observer_of(spec, to_565(screens[0]), pitch)
    assert observer.shape == env.observation_space.shape
    np.testing.assert_array_equal(observer.begin(rows_of(to_565(screens[0]), pitch)), env.reset()[0])
    for screen in screens[1:]:
        observed = observer.observe(rows_of(to_565(screen), pitch))
        np.testing.assert_array_equal(observed, env.step(0)[0])


def test_real_screens_keep_their_colours(screens: list[Bytes]) -> None:
    for screen in screens:
        pixels = to_565(screen)
        observer = observer_of(ObservationSpec(), pixels, 640)
        np.testing.assert_array_equal(observer.screen(pixels.tobytes()), screen)


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_gray_is_that_of_opencv_for_every_colour(pixel_format: str) -> None:
    pixels = np.arange(1 << 16, dtype="<u2").reshape(256, 256)
    if pixel_format == "xrgb8888":
        pixels = np.arange(1 << 24, dtype="<u4").reshape(4096, 4096)
    observer = observer_of(ObservationSpec(gray=True), pixels, pixels.shape[1] * pixels.itemsize, format=pixel_format)
    expected = cv2.cvtColor(colours_of(pixels, pixel_format), cv2.COLOR_RGB2GRAY)
    np.testing.assert_array_equal(observer.begin(pixels.tobytes())[..., 0], expected)


@settings(max_examples=300, deadline=None)
@example(seed=612, size=(12, 206), target=(12, 1), pixel_format="rgb565", gray=True, gap=0)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 260), st.integers(1, 330)),
    target=st.tuples(st.integers(1, 130), st.integers(1, 130)),
    pixel_format=st.sampled_from(FORMATS),
    gray=st.booleans(),
    gap=st.integers(0, 9),
)
def test_any_size_is_resampled_as_by_opencv(
    seed: int, size: tuple[int, int], target: tuple[int, int], pixel_format: str, gray: bool, gap: int
) -> None:
    pixels = random_pixels(seed, *size, pixel_format)
    spec = ObservationSpec(gray=gray, size=target)
    pitch = size[1] * pixels.itemsize + gap
    observer = observer_of(spec, pixels, pitch, format=pixel_format)
    env = apply_observation_spec(Film([colours_of(pixels, pixel_format)]), spec)
    np.testing.assert_array_equal(observer.begin(rows_of(pixels, pitch)), env.reset()[0])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    factors=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    gray=st.booleans(),
)
def test_whole_factors_are_resampled_as_by_opencv(
    seed: int, target: tuple[int, int], factors: tuple[int, int], gray: bool
) -> None:
    pixels = random_pixels(seed, target[0] * factors[0], target[1] * factors[1])
    spec = ObservationSpec(gray=gray, size=target)
    observer = observer_of(spec, pixels, pixels.shape[1] * 2)
    env = apply_observation_spec(Film([colours_of(pixels, "rgb565")]), spec)
    np.testing.assert_array_equal(observer.begin(pixels.tobytes()), env.reset()[0])


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    window=st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 60), st.integers(0, 60)),
    crop=st.tuples(*[st.integers(0, 4)] * 4),
    rotation=st.integers(0, 3),
    gray=st.booleans(),
    is_resized=st.booleans(),
)
def test_the_window_is_cut_before_and_the_crop_after_turning(
    seed: int,
    window: tuple[int, int, int, int],
    crop: tuple[int, int, int, int],
    rotation: int,
    gray: bool,
    is_resized: bool,
) -> None:
    pixels = random_pixels(seed, 40, 52)
    x, y, width, height = window
    window = (x, y, width and width + 10, height and height + 10)
    right = 52 if not width or x + width + 10 > 52 else x + width + 10
    bottom = 40 if not height or y + height + 10 > 40 else y + height + 10
    upright = np.rot90(colours_of(pixels, "rgb565")[y:bottom, x:right], rotation)
    spec = ObservationSpec(crop=crop, gray=gray, size=(12, 9) if is_resized else None)
    observer = observer_of(spec, pixels, 104, window=window, rotation=rotation)
    env = apply_observation_spec(Film([np.ascontiguousarray(upright)]), spec)
    np.testing.assert_array_equal(observer.screen(pixels.tobytes(), window), upright)
    np.testing.assert_array_equal(observer.begin(pixels.tobytes()), env.reset()[0])


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize("gray", [False, True])
def test_the_maximum_is_that_of_two_frames_colours(pixel_format: str, gray: bool) -> None:
    before, now = (random_pixels(seed, 60, 70, pixel_format) for seed in range(2))
    spec = ObservationSpec(crop=(1, 2, 3, 4), gray=gray, size=(20, 21))
    observer = observer_of(spec, now, 70 * now.itemsize, format=pixel_format, maximum=True)
    assert observer.num_frames_drawn == 2
    colours = [colours_of(pixels, pixel_format) for pixels in (before, now)]
    film = apply_observation_spec(Film([colours[1], np.maximum(*colours), colours[1]]), spec)
    np.testing.assert_array_equal(observer.begin(now.tobytes()), film.reset()[0])
    observer.note_previous(before.tobytes())
    np.testing.assert_array_equal(observer.observe(now.tobytes()), film.step(0)[0])
    np.testing.assert_array_equal(observer.observe(now.tobytes()), film.step(0)[0])


@pytest.mark.parametrize("stack", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("gray", [False, True])
def test_a_stack_is_restored_and_goes_on(stack: int, gray: bool) -> None:
    spec = ObservationSpec(gray=gray, size=(8, 9), stack=stack)
    pictures = [random_pixels(seed, 30, 32) for seed in range(12)]
    env = apply_observation_spec(Film([colours_of(pixels, "rgb565") for pixels in pictures]), spec)
    observer, other = (observer_of(spec, pictures[0], 64) for _ in range(2))
    np.testing.assert_array_equal(observer.begin(pictures[0].tobytes()), env.reset()[0])
    for pixels in pictures[1:]:
        other.restore(observer.frames())
        expected = env.step(0)[0]
        for each in (observer, other):
            np.testing.assert_array_equal(each.observe(pixels.tobytes()), expected)
        assert observer.frames() == expected.tobytes()


def test_a_stack_of_another_size_is_refused() -> None:
    observer = observer_of(WARPED, random_pixels(0, 30, 32), 64)
    with pytest.raises(EngineError, match="7 bytes"):
        observer.restore(b"1234567")


def test_memory_is_shown_in_order_and_stacked() -> None:
    pixels = random_pixels(0, 4, 4)
    observer = PictureObserver(width=4, height=4, pitch=8, kind="ram", memory=bytes(range(9)), stack=2)
    assert observer.num_frames_drawn == 0
    first = np.arange(9, dtype=np.uint8)
    np.testing.assert_array_equal(observer.begin(pixels.tobytes()).ravel(), np.concatenate([first, first]))
    observer.note_memory(bytes(range(1, 10)))
    np.testing.assert_array_equal(observer.observe(pixels.tobytes()).ravel(), np.concatenate([first, first + 1]))


def test_nothing_is_an_empty_array() -> None:
    observer = PictureObserver(width=4, height=4, pitch=8, kind="none")
    assert observer.num_frames_drawn == 0
    assert observer.begin(bytes(32)).size == 0
    assert observer.observe(bytes(32)).size == 0


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize(
    "spec",
    [
        ObservationSpec(),
        ObservationSpec(gray=True, size=(84, 84)),
        ObservationSpec(crop=(3, 5, 7, 2)),
        ObservationSpec(crop=(0, 30, 10, 0), gray=True, size=(40, 30)),
    ],
)
def test_a_picture_of_another_size_is_first_resampled_to_that_of_the_first(
    spec: ObservationSpec, pixel_format: str
) -> None:
    first = random_pixels(0, 112, 128, pixel_format)
    observer = observer_of(spec, first, 128 * first.itemsize, format=pixel_format)
    observer.begin(first.tobytes())
    for number, (height, width) in enumerate([(112, 160), (120, 128), (224, 100), (112, 128)]):
        pixels = random_pixels(number, height, width, pixel_format)
        observer.resize(width, height, width * pixels.itemsize)
        fitted = cv2.resize(colours_of(pixels, pixel_format), (128, 112), interpolation=cv2.INTER_AREA)
        env = apply_observation_spec(Film([fitted]), spec)
        np.testing.assert_array_equal(observer.observe(pixels.tobytes()), env.reset()[0])


@pytest.mark.parametrize("crop", [(4, 0, 4, 0), (0, 4, 0, 4), (0, 9, 0, 0)])
def test_a_crop_that_leaves_nothing_is_refused(crop: tuple[int, int, int, int]) -> None:
    with pytest.raises(EngineError, match="leaves nothing"):
        PictureObserver(width=8, height=8, pitch=16, crop=crop)


def test_an_empty_stack_is_refused() -> None:
    with pytest.raises(EngineError, match="at least 1"):
        PictureObserver(width=8, height=8, pitch=16, stack=0)


def test_a_side_beyond_all_consoles_is_refused() -> None:
    with pytest.raises(EngineError, match="2900"):
        PictureObserver(width=8, height=8, pitch=16, size=(3000, 10)).begin(bytes(128))
