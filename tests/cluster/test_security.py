"""Nobody but a member runs code on a cluster, and nothing but the scheduler and its workers listens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from newgameplus.cluster import certificates
from newgameplus.cluster.address import parse_address, with_free_port
from newgameplus.cluster.connect import connect, executor_on
from newgameplus.errors import UsageError
from newgameplus.executor.interface import Returned, Task
from tests.conftest import Cluster, cluster_of

psutil = pytest.importorskip("psutil", reason="the extra cluster is not installed")


def double(number: int, tell: Any) -> int:
    return 2 * number


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("member") / "certificates"
    certificates.make(folder)
    return folder


@pytest.fixture(scope="module")
def guarded(members: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with TLS."""
    with cluster_of(1, tmp_path_factory.mktemp("logs"), certificates=members) as made:
        yield made


def test_a_member_is_let_in(guarded, members):
    with closing(executor_on(guarded.address, certificates=members)) as executor:
        executor.submit(Task(double, 4))
        assert [event.result for event in executor.events() if isinstance(event, Returned)] == [8]


def test_a_stranger_is_not(guarded, tmp_path):
    certificates.make(tmp_path / "other")
    with pytest.raises(UsageError, match="does not answer as a scheduler with the certificates in"):
        connect(parse_address(guarded.address), tmp_path / "other", seconds=1.0)
    with pytest.raises(UsageError, match="does not answer as a scheduler without TLS"):
        connect(parse_address(guarded.address.replace("tls", "tcp")), seconds=1.0)


def test_nothing_else_listens_and_nothing_on_the_network(guarded):
    port = parse_address(guarded.address).port
    for name in ("scheduler", "here-1"):
        sockets = psutil.Process(guarded.nodes.process_of(name).pid).net_connections(kind="inet")
        listening = [socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN]
        assert listening
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert name != "scheduler" or port in {address.port for address in listening}


def test_pages_of_dask_show_nothing_where_nobody_asks_for_a_certificate(guarded):
    import http.client

    for name in ("scheduler", "here-1"):
        sockets = psutil.Process(guarded.nodes.process_of(name).pid).net_connections(kind="inet")
        ports = {socket.laddr.port for socket in sockets if socket.status == psutil.CONN_LISTEN}
        for port in ports:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/info/main/workers.html")
                assert connection.getresponse().status == 404
            except (OSError, http.client.HTTPException):
                pass  # TLS
            finally:
                connection.close()


@pytest.mark.parametrize("address", ["tcp://192.168.1.5", "tcp://0.0.0.0:8786", "tcp://example.org:1", "tcp://[::]:1"])
def test_without_tls_only_this_machine_is_an_address(address):
    with pytest.raises(UsageError, match="let everybody on the network run code"):
        parse_address(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tls://host", "tls://host:8786"),
        ("tls://192.168.1.5:99/", "tls://192.168.1.5:99"),
        ("tls://[fe80::1]:99", "tls://[fe80::1]:99"),
        ("tcp://127.0.0.1:99", "tcp://127.0.0.1:99"),
        ("tcp://localhost:99", "tcp://localhost:99"),
        ("tcp://[::1]:99", "tcp://[::1]:99"),
    ],
)
def test_addresses_are_read(text, address):
    assert str(parse_address(text)) == address


@pytest.mark.parametrize("text", ["", "host", "http://host", "tls://", "tls://host:99999", "tls://a b", "tls://h:1/x"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="is no address of a scheduler"):
        parse_address(text)


def test_certificates_are_for_their_owner_alone(tmp_path):
    folder = tmp_path / "deep" / "certificates"
    certificates.make(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / certificates.KEY).stat().st_mode & 0o777 == 0o600
    certificates.make(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    folder.chmod(0o750)
    with pytest.raises(UsageError, match="Others on this machine can read"):
        certificates.checked(folder)


def test_missing_certificates_and_schedulers_are_named(tmp_path):
    with pytest.raises(UsageError, match="There are no certificates in"):
        connect(parse_address("tls://127.0.0.1:1"), tmp_path)
    address = with_free_port(parse_address("tcp://127.0.0.1:0"))
    with pytest.raises(
        UsageError, match=f"There is no scheduler at {address}: start one with ngp cluster up {address}"
    ):
        connect(address)


@pytest.mark.nightly
def test_a_cluster_ends_with_its_keeper(tmp_path):
    with cluster_of(1, tmp_path) as made:
        pids = [made.nodes.process_of(name).pid for name in ("scheduler", "here-1")]
        with closing(executor_on(made.address)) as executor:
            executor.submit(Task(double, 4))
            assert list(executor.events())
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert os.getpid() not in pids
