"""A socket in a mounted folder leads to no service of the machine; what no longer listens is an ordinary file."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.sandbox import launcher
from kernel.sandbox.backend import Mount
from tests.integration.sandbox.workbench import Workbench, run, run_python

CONNECT = """
import os, socket, sys
for path in sys.argv[1:]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        os.chdir(os.path.dirname(path))
        try:
            socket.socket(socket.AF_UNIX, kind).connect(os.path.basename(path))
        except OSError as error:
            print('denied:', error)
        else:
            print('ESCAPED:', path)
"""


@contextlib.contextmanager
def listening(path: Path, kind: int = socket.SOCK_STREAM) -> Iterator[socket.socket]:
    """A service of the machine. Its folder may have a longer path than a socket's address can have."""
    held = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(f"/proc/self/fd/{held}/{path.name}")
        os.close(held)
        path.chmod(0o777)
        if kind != socket.SOCK_DGRAM:
            server.listen(8)
        server.setblocking(False)
        yield server


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM])
async def test_a_service_of_the_machine_is_out_of_reach(confined: Workbench, tmp_path: Path, kind: int, read_only: bool) -> None:
    deep = tmp_path / "shared" / ("long" * 30) / "deeper"
    deep.mkdir(parents=True)
    with listening(tmp_path / "shared" / "top.sock", kind) as top, listening(deep / "a b\n.sock", kind) as low:
        sandbox = confined.make(mounts=(Mount(str(tmp_path / "shared"), "/mnt/shared", read_only),))
        inner = f"/mnt/shared/{'long' * 30}/deeper/a b\n.sock"
        done = await run_python(sandbox, CONNECT, "/mnt/shared/top.sock", inner)
        assert done.output.count("denied:") == 6, done.output
        for server in (top, low):
            with pytest.raises(BlockingIOError):
                server.recv(1) if kind == socket.SOCK_DGRAM else server.accept()
    assert stat.S_ISSOCK((tmp_path / "shared" / "top.sock").stat().st_mode)


async def test_a_socket_that_nothing_listens_on_can_be_removed_and_made_anew(confined: Workbench, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    with listening(tmp_path / "shared" / "old.sock"):
        pass
    os.chown(tmp_path / "shared" / "old.sock", tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    sandbox = confined.make(mounts=(Mount(str(tmp_path / "shared"), "/mnt/shared", False),))
    script = """
import os, socket
os.unlink('/mnt/shared/old.sock')
server = socket.socket(socket.AF_UNIX); server.bind('/mnt/shared/old.sock'); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect('/mnt/shared/old.sock')
print('its own')"""
    assert (await run_python(sandbox, script)).output == "its own\n"


async def test_what_is_mounted_over_a_folder_with_a_socket_stays_as_it_is(confined: Workbench, tmp_path: Path) -> None:
    (tmp_path / "shared" / "inner").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    with listening(tmp_path / "shared" / "inner" / "x.sock"), listening(tmp_path / "other" / "y.sock"):
        mounts = (Mount(str(tmp_path / "other"), "/mnt/shared/inner", False), Mount(str(tmp_path / "shared"), "/mnt/shared", False))
        done = await run(confined.make(mounts=mounts), "sh", "-c", "ls /mnt/shared/inner; test -c /mnt/shared/inner/y.sock && echo covered")
    assert done.output == "y.sock\ncovered\n"
    assert sorted(os.listdir(tmp_path / "other")) == ["y.sock"]


async def test_a_changed_mount_is_looked_at_again(confined: Workbench, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    mounts = (Mount(str(tmp_path / "shared"), "/mnt/shared", False),)
    sandbox = confined.make()
    assert (await run(sandbox, "true")).status.code == 0
    with listening(tmp_path / "shared" / "late.sock"):
        await sandbox.set_mounts(mounts)
        assert "ESCAPED" not in (await run_python(sandbox, CONNECT, "/mnt/shared/late.sock")).output


def test_the_search_ends_in_a_folder_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / str(number)).mkdir()
    monkeypatch.setattr(launcher, "SOCKET_SEARCH_S", 0.0)
    with listening(tmp_path / "near.sock"), listening(tmp_path / "7" / "far.sock"):
        assert list(launcher.sockets_in(str(tmp_path), ())) == ["near.sock"]
        monkeypatch.undo()
        assert list(launcher.sockets_in(str(tmp_path), ())) == ["near.sock", "7/far.sock"]
        assert list(launcher.sockets_in(str(tmp_path), ("7",))) == ["near.sock"]
        monkeypatch.setattr(launcher, "MOST_SOCKETS", 1)
        assert launcher.covers(str(tmp_path), "/mnt/it", ()) == ["--ro-bind", os.devnull, "/mnt/it/near.sock"]


def test_links_and_pipes_are_no_sockets(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("real.sock")
    (tmp_path / "nowhere").symlink_to("gone")
    with listening(tmp_path / "real.sock"):
        assert list(launcher.sockets_in(str(tmp_path), ())) == ["real.sock"]
    assert list(launcher.sockets_in(str(tmp_path), ())) == []
