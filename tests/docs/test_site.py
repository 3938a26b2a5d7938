"""The documentation builds without a warning, and its reference is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "newgameplus"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; strict, so that a dead link, a page outside the navigation or a bad docstring is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def public_modules() -> list[str]:
    modules = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in PACKAGE.rglob("*.py")]
    names = [".".join(parts).removesuffix(".__init__") for parts in modules]
    return sorted(name for name in names if not any(part.startswith("_") for part in name.split(".")))


def test_every_public_module_is_in_the_reference(site: Path) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (site / "reference").glob("*.html"))
    assert len(public_modules()) > 20
    assert not [module for module in public_modules() if f'id="{module}"' not in pages]


def test_every_error_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "errors.html").read_text(encoding="utf-8")
    assert 'id="newgameplus.errors.NotFoundError"' in page


def test_no_page_asks_another_server_for_anything(site: Path) -> None:
    fetched = re.compile(r'<(?:script|img|iframe|link(?=[^>]*stylesheet))\b[^>]*(?:src|href)="(?:https?:)?//')
    assert not [page.name for page in site.rglob("*.html") if fetched.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_between_files_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not [target for target in LINK.findall(text) if not (ROOT / target).exists()]


def test_decisions_are_numbered_without_gaps_and_have_three_parts() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in files] == list(range(1, len(files) + 1))
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences")), path.name
