"""Griffe extension: the few marks of reStructuredText in our docstrings become Markdown."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`~?(?:[\w.]+\.)?(\w+)`")
LITERAL_BLOCK = re.compile(r"^::\n(?=\n    )", re.MULTILINE)


class Markdown(griffe.Extension):
    """Rewrites every docstring that has been read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Show a role as code, and a literal block without its mark."""
        if obj.docstring is not None:
            obj.docstring.value = LITERAL_BLOCK.sub("", ROLE.sub(r"`\1`", obj.docstring.value))
