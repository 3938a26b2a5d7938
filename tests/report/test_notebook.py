"""The notebook of the guide in a real kernel: environments, a movie and a run show themselves."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from newgameplus.games.folders import HOME_VARIABLE

nbclient = pytest.importorskip("nbclient", reason="needs: pip install nbclient ipykernel")
pytest.importorskip("ipykernel", reason="needs: pip install nbclient ipykernel")
nbformat = pytest.importorskip("nbformat")

PAGE = Path(__file__).parent.parent.parent / "docs" / "guide" / "notebook.md"
LAST = "print('same' if movie.memory_sha256() == before else 'moved', len(run.returns()))"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Outputs of the cells of the page, and of one more that uses what they left."""
    folder = tmp_path_factory.mktemp("notebook")
    cells = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    cells[2] = cells[2].removesuffix("movie\n") + "before = movie.memory_sha256()\nmovie\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (*cells, LAST)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv(HOME_VARIABLE, str(folder / "home"))
        for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
        client.execute()
    return [cell.outputs for cell in notebook.cells]


def html_of(outputs: Any) -> str:
    [content] = [output.data["text/html"] for output in outputs if output.output_type == "execute_result"]
    return str(content)


def embedded(content: str, kind: str) -> list[bytes]:
    return [base64.b64decode(each) for each in re.findall(f'src="data:{kind};base64,([^"]+)"', content)]


def picture(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def test_an_environment_shows_its_screen_level_and_variables(shown: list[Any]) -> None:
    content = html_of(shown[0])
    [screen] = embedded(content, "image/png")
    assert picture(screen).shape == (224, 320, 3)
    assert picture(screen).any()
    assert "Airstriker-Genesis-v0/Level1" in content
    for word in ("score", "lives", "uint8 224 × 320 × 3"):
        assert word in content


def test_a_batch_shows_the_screens_of_its_rows(shown: list[Any]) -> None:
    content = html_of(shown[1])
    screens = embedded(content, "image/png")
    assert len(set(screens)) == 4
    assert all(picture(screen).any() for screen in screens)
    assert "Canyon.Act3" in content


def test_a_movie_plays_and_says_what_it_is_without_moving(shown: list[Any]) -> None:
    content = html_of(shown[2])
    [video] = embedded(content, "video/mp4")
    with av.open(io.BytesIO(video)) as file:
        num_pictures = sum(1 for _ in file.decode(video=0))
    [num_frames] = re.findall(r"([\d,]+) frames", content)
    assert num_pictures == int(num_frames.replace(",", ""))
    assert "buttons held" in content
    assert "same 1" in shown[4][0].text


def test_a_run_shows_its_curves_and_levels(shown: list[Any]) -> None:
    content = html_of(shown[3])
    assert "<polyline" in content
    assert "random: complete, 100%, 1,500 steps" in content
    assert "Airstriker-Genesis-v0/Level1" in content
