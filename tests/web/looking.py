"""What tests of pages ask headless Chromium."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from selenium.webdriver.support.ui import WebDriverWait

from newgameplus.movies.playback import Playback

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
_PIXELS = """
const canvas = document.querySelector(arguments[0]);
const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
const rgb = new Uint8Array(data.length / 4 * 3);
for (let i = 0, j = 0; i < data.length; i += 4, j += 3) rgb.set(data.subarray(i, i + 3), j);
return btoa(Array.from(rgb, byte => String.fromCharCode(byte)).join(''));
"""
_NAMELESS = """
return [...document.querySelectorAll('button, input, select, a, canvas[role]')].filter(e => e.offsetParent !== null
  && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)
"""


def wait_for(browser: Any, script: str) -> Any:
    """Wait until a script returns something true, and return it."""
    return WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))


def wait_for_frame(browser: Any, frame: int) -> None:
    """Wait until a player shows a frame."""
    wait_for(browser, f"return document.getElementById('main').dataset.shown === '{frame}'")


def shown_picture(browser: Any, canvas: str = "#picture") -> bytes:
    """SHA-256 of the pixels of a canvas."""
    return hashlib.sha256(base64.b64decode(browser.execute_script(_PIXELS, canvas))).digest()


def nameless(browser: Any) -> list[str]:
    """Controls that have no name for a screen reader."""
    found: list[str] = browser.execute_script(_NAMELESS)
    return found


def straight(path: str) -> tuple[list[bytes], list[float]]:
    """SHA-256 of the picture of each frame of a movie, and the returns."""
    pictures, returns = [], []
    with Playback(Path(path)) as playback:
        for reward in playback.rewards():
            returns.append(reward + (returns[-1] if returns else 0.0))
            pictures.append(hashlib.sha256(playback.picture().tobytes()).digest())
    return pictures, returns
