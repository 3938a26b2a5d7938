"""The one way to an executor: of this machine, or of a cluster at an address."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newgameplus.cluster.address import Address, parse_address
from newgameplus.cluster.certificates import AUTHORITY, CERTIFICATE, KEY, checked, default_folder
from newgameplus.errors import UsageError, install_line
from newgameplus.executor.interface import Executor
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.executor.retries import RetryingExecutor

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

LOCAL = "local"
"""Address of this machine's own processes."""
CONNECT_SECONDS = 10.0
"""Time in which a scheduler must answer, and a worker have joined."""
AWAY_SECONDS = 24 * 3600.0
"""Longest time that a scheduler may be away before its client gives up."""


def executor_on(
    address: str = LOCAL,
    num_workers: int | None = None,
    *,
    games: Iterable[str] = (),
    certificates: Path | None = None,
) -> Executor[Any]:
    """Return an executor that plays tasks on this machine or on a cluster; whoever asks closes it.

    Both start a task again that was ended from outside, from its newest checkpoint.

    Args:
        address: ``local``, or the address of a scheduler.
        num_workers: number of processes on this machine; None for one per CPU core. A cluster has its own number.
        games: names of the games that the tasks play: workers must have the same ROMs and cores.
        certificates: folder of the cluster's certificates; None for the user's own.

    Raises:
        UsageError: the address is wrong or nobody answers there, the extra or the certificates are missing, no worker
            has joined, or none can play: its versions differ, or it lacks a ROM.
        NewGamePlusError: a game or its ROM is missing here.
    """
    if address == LOCAL:
        return RetryingExecutor(LocalExecutor[Any](num_workers or available_cores()))
    if num_workers is not None:
        raise UsageError(
            f"A number of workers goes with this machine alone; the cluster at {address} has those that joined it."
        )
    from newgameplus.cluster.identity import needs_of

    needs = needs_of(games)
    client = connect(parse_address(address), certificates)
    try:
        from newgameplus.cluster.place import ClusterExecutor

        check_workers(client, address, needs)
        return RetryingExecutor(ClusterExecutor[Any](client, needs))
    except BaseException:
        client.close()
        raise


def require_extra() -> None:
    """Check that the extra is installed.

    Raises:
        UsageError: it is not.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(f"A cluster needs the extra cluster: {install_line('cluster')}") from error


def connect(address: Address, certificates: Path | None = None, seconds: float = CONNECT_SECONDS) -> Client:
    """Return a client of the scheduler at ``address``, which outlives its absence.

    Args:
        address: address of the scheduler.
        certificates: folder of the cluster's certificates; None for the user's own.
        seconds: time in which the scheduler must answer.

    Raises:
        UsageError: nobody answers there, or the extra or the certificates are missing or refused.
    """
    require_extra()
    security = security_for(address, certificates)
    if not address.answers(seconds):
        raise UsageError(
            f"There is no scheduler at {address}: start one with ngp cluster up {address}, or name another address."
        )
    import dask
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost scheduler is told as the end of an attempt
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    try:
        with Client(str(address), security=security, timeout=seconds, set_as_default=False):
            pass
        return Client(str(address), security=security, timeout=AWAY_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        with_what = f"with the certificates in {certificates or default_folder()}" if security else "without TLS"
        raise UsageError(
            f"What listens at {address} does not answer as a scheduler {with_what}: is it of another cluster, or of "
            "none?"
        ) from error


def security_for(address: Address, certificates: Path | None) -> Security | None:
    """Return the certificates for an address, in the form of Dask; None for an address without TLS.

    Raises:
        UsageError: there are none, or others can read them.
    """
    if address.scheme == "tcp":
        return None
    from distributed.security import Security

    folder = checked(certificates or default_folder())
    pair = {"cert": str(folder / CERTIFICATE), "key": str(folder / KEY)}
    roles = {f"tls_{role}_{part}": pair[part] for role in ("client", "scheduler", "worker") for part in pair}
    return Security(require_encryption=True, tls_ca_file=str(folder / AUTHORITY), **roles)


def check_workers(
    client: Client,
    address: str,
    needs: Mapping[str, Mapping[str, str]],
    ours: Mapping[str, str] | None = None,
) -> None:
    """Check that a worker can play; tell of those that cannot.

    Args:
        client: client of the cluster.
        address: its address, for messages.
        needs: result of :func:`newgameplus.cluster.identity.needs_of`.
        ours: identity to compare with; None for that of this process.

    Raises:
        UsageError: no worker has joined, or none can play.
    """
    from newgameplus.cluster.attempt import reason_unfit
    from newgameplus.cluster.identity import identity

    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise UsageError(
            f"The cluster at {address} has no workers: let some join with ngp cluster join {address}"
        ) from error
    reasons = client.run(reason_unfit, ours or identity(), needs, on_error="return")
    told = [_reason(worker, reason) for worker, reason in reasons.items() if reason is not None]
    if len(told) == len(reasons):
        raise UsageError(f"No worker of the cluster at {address} can play this. {told[0] if told else ''}".rstrip())
    for reason in told:
        logging.getLogger(__name__).warning("%s It plays nothing of this.", reason)


def _reason(worker: str, reason: str | Exception) -> str:
    if isinstance(reason, str):
        return reason
    return f"The worker at {worker} has no New Game Plus, or another one: {type(reason).__name__}: {reason}"
