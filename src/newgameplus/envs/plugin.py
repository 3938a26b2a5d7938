"""Registers our environments as soon as Gymnasium is there, whichever of the two a program imports first.

Gymnasium loads no plugins by itself since 1.0, and ``gymnasium.make("newgameplus:…")`` only imports this package,
which does nothing when it has been imported already. Importing Gymnasium from here would make ``ngp --help`` slow.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing and importlib would take most of the time that importing newgameplus takes
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def register_with_gymnasium() -> None:
    """Register now when Gymnasium is loaded, else when it will be."""
    if "gymnasium" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _GymnasiumWatch())


class _GymnasiumWatch:
    """Sees Gymnasium being imported, once, and registers after its last line has run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Leave the finding to the others; only append a call to what they found."""
        if fullname != "gymnasium":
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        run_module = spec.loader.exec_module

        def run_module_and_register(module: ModuleType) -> None:
            run_module(module)
            _register()

        spec.loader.exec_module = run_module_and_register  # type: ignore[method-assign]  # of this one loader object
        return spec


def _register() -> None:
    from newgameplus.envs.registration import register_environments

    register_environments()
