"""``--on``: where the work of a verb is done, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from newgameplus.executor.interface import Executor

LOCAL = "local"
"""This machine."""

on_option = click.option(
    "--on",
    "address",
    default=LOCAL,
    show_default=True,
    metavar="WHERE",
    help="local, or tls://HOST:PORT of a cluster: ngp cluster --help.",
)


def elsewhere(address: str, games: Iterable[str], num_workers: int | None = None) -> Executor[Any] | None:
    """Return an executor on the cluster at ``address``, which the caller closes; None for this machine.

    Args:
        address: value of ``--on``.
        games: names of the games that will be played.
        num_workers: value of ``--workers``, which a cluster does not take.

    Raises:
        NewGamePlusError: there is no such cluster, or none of its workers can play these games.
    """
    if address == LOCAL:
        return None
    from newgameplus.cluster.connect import executor_on

    return executor_on(address, num_workers, games=games)
