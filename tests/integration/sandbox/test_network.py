"""A sandbox with a network reaches the world, and neither the host's own services nor the metadata address."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kernel.sandbox.processes import ProcessRow, process_table
from tests.integration.sandbox.escapes import script
from tests.integration.sandbox.workbench import Workbench, run, run_python


@pytest.fixture
def services() -> Iterator[dict[str, object]]:
    """Listeners of the host: on all its addresses, and on an abstract name."""
    listener = socket.socket(socket.AF_INET)
    listener.bind(("0.0.0.0", 0))
    listener.listen(8)
    listener.setblocking(False)
    abstract = socket.socket(socket.AF_UNIX)
    name = f"aether-net-{os.getpid()}"
    abstract.bind("\0" + name)
    abstract.listen(1)
    yield {"port": listener.getsockname()[1], "abstract": name, "listener": listener}
    listener.close()
    abstract.close()


async def own_network(bench: Workbench) -> None:
    """Skip, saying why, where slirp4netns does not work."""
    probe = await bench.backend.probe()
    if "slirp4netns" not in probe.details["network"]:
        pytest.skip("slirp4netns does not work on this machine")


async def test_it_has_an_interface_a_resolver_and_certificates(confined: Workbench) -> None:
    await own_network(confined)
    sandbox = confined.make(network=True)
    assert sandbox.confinement_note == ""
    done = await run(sandbox, "sh", "-c", "cat /etc/resolv.conf; ls /etc/ssl; cat /proc/net/dev /proc/net/route")
    assert "nameserver 10.0.2.3" in done.output
    assert "certs" in done.output
    assert "tap0" in done.output
    names = "import socket; print(socket.getaddrinfo('localhost', 80)[0][4], [n for _, n in socket.if_nameindex()])"
    assert (await run_python(sandbox, names)).output.strip() == "('127.0.0.1', 80) ['lo', 'tap0']"


@pytest.mark.parametrize(
    "name", ["host loopback", "abstract socket", "metadata address", "raw socket", "netlink audit"]
)
async def test_what_stays_out_of_reach(confined: Workbench, services: dict[str, object], name: str) -> None:
    await own_network(confined)
    done = await run_python(confined.make(network=True), script(name, services))
    assert done.output.startswith("denied:"), done.output


async def test_the_host_is_not_reachable_by_any_of_its_addresses(
    confined: Workbench, services: dict[str, object]
) -> None:
    await own_network(confined)
    own: set[object] = set()
    with suppress(socket.gaierror):  # not every machine finds itself by its name
        own = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        outward.connect(("198.51.100.1", 9))
        own.add(outward.getsockname()[0])
    sandbox = confined.make(network=True)
    listener = services["listener"]
    assert isinstance(listener, socket.socket)
    for address in [*own, "10.0.2.2"]:
        attempt = script("host loopback", services).replace("127.0.0.1", str(address))
        output = (await run_python(sandbox, attempt)).output
        # For its own address slirp4netns may say that it is connected, to nothing, instead of refusing.
        assert output.startswith("denied:") or address == "10.0.2.2", (address, output)
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_without_network_there_is_neither_resolver_nor_interface(confined: Workbench) -> None:
    sandbox = confined.make()
    done = await run(sandbox, "sh", "-c", "ls /etc/resolv.conf /etc/ssl; cat /proc/net/dev")
    assert "resolv.conf': No such file" in done.output
    assert "tap0" not in done.output
    assert "eth0" not in done.output


async def test_the_probe_leaves_no_process(confined: Workbench) -> None:
    # Processes of other tests of this machine may come and go; what is below no living parent of ours must not be new.
    names = ("cat", "slirp4netns", "bwrap", "sh")
    before = {row.pid for row in process_table().values() if row.name in names}
    probe = await confined.backend.probe()
    assert probe.available
    async with asyncio.timeout(5):
        while any(row.name in names and row.pid not in before and row.ppid in (1, os.getpid()) for row in living()):
            await asyncio.sleep(0.05)


def living() -> list[ProcessRow]:
    """Every process that is no zombie."""
    return [row for row in process_table().values() if row.state not in ("Z", "X")]


async def test_kill_ends_the_network_too(confined: Workbench) -> None:
    await own_network(confined)
    sandbox = confined.make(network=True)
    await sandbox.start()
    pids = sandbox.host_pids()
    assert any("slirp" in Path(f"/proc/{pid}/comm").read_text() for pid in pids)
    await sandbox.kill()
    assert not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids)
