"""A socket in a mounted folder leads to no service of the machine; what no longer listens is an ordinary file."""

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
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


async def test_a_covered_socket_stays_covered_wherever_it_is_moved(confined: Workbench, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    for folder in (shared, shared / "around", shared / "inner"):
        folder.mkdir()
        folder.chmod(0o777)
    script = """
import os, socket
for source, target in (('/mnt/a/around', '/mnt/a/inner/around'), ('/mnt/a/around', '/mnt/a/moved'), ('/mnt/a/top', '/mnt/a/other')):
    try:
        os.rename(source, target)
    except OSError as error:
        print(error.strerror)
for path in ('/mnt/a/around/x', '/mnt/a/moved/x', '/mnt/b/around/x', '/mnt/a/top', '/mnt/a/other', '/mnt/again/moved/x'):
    print('open' if socket.socket(socket.AF_UNIX).connect_ex(path) == 0 else 'closed')"""
    with listening(shared / "around" / "x"), listening(shared / "top"):
        places = {"/mnt/a": shared, "/mnt/b": shared / "inner", "/mnt/again": shared}
        mounts = tuple(Mount(str(folder), guest, False) for guest, folder in places.items())
        done = await run_python(confined.make(mounts=mounts), script)
    assert done.output.split("\n") == ["Invalid cross-device link", "Device or resource busy"] + ["closed"] * 6 + [""]


async def test_a_changed_mount_is_looked_at_again(confined: Workbench, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    mounts = (Mount(str(tmp_path / "shared"), "/mnt/shared", False),)
    sandbox = confined.make()
    assert (await run(sandbox, "true")).status.code == 0
    with listening(tmp_path / "shared" / "late.sock"):
        await sandbox.set_mounts(mounts)
        assert "ESCAPED" not in (await run_python(sandbox, CONNECT, "/mnt/shared/late.sock")).output


def found_in(folder: Path, *passed: str) -> list[str]:
    return list(launcher.sockets_in(str(folder), passed, time.monotonic() + 60))


def test_the_search_ends_in_a_folder_of_any_size(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / str(number)).mkdir()
    with listening(tmp_path / "near.sock"), listening(tmp_path / "7" / "far.sock"):
        assert list(launcher.sockets_in(str(tmp_path), (), 0.0)) == ["near.sock"]
        assert found_in(tmp_path) == ["near.sock", "7/far.sock"]
        assert found_in(tmp_path, "7") == ["near.sock"]


def test_all_folders_share_the_time_and_the_number_of_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "deep").mkdir(parents=True)
    mounts = [(str(tmp_path / "a"), "/mnt/a"), (str(tmp_path / "b"), "/mnt/b")]
    with listening(tmp_path / "a" / "1"), listening(tmp_path / "a" / "deep" / "2"), listening(tmp_path / "b" / "deep" / "3"):
        expected = [("/mnt/a", "1"), ("/mnt/a", "deep/2"), ("/mnt/b", "deep/3")]
        assert launcher.sockets_to_cover(mounts, {}) == expected
        monkeypatch.setattr(launcher, "MOST_SOCKETS", 2)
        assert launcher.sockets_to_cover(mounts, {}) == expected[:2]
        monkeypatch.setattr(launcher, "SOCKET_SEARCH_S", 0.0)
        assert launcher.sockets_to_cover(mounts, {}) == expected[:1]


@pytest.mark.parametrize("read_only", [False, True])
async def test_sockets_that_come_and_go_leave_nothing_behind_and_hinder_no_start(
    confined: Workbench, tmp_path: Path, read_only: bool
) -> None:
    shared, ended = tmp_path / "shared", threading.Event()
    shared.mkdir()

    def come_and_go() -> None:
        while not ended.is_set():
            with contextlib.ExitStack() as opened:
                for number in range(200):
                    opened.enter_context(listening(shared / f"{number}.sock"))
                for number in range(200):
                    (shared / f"{number}.sock").unlink()

    coming = threading.Thread(target=come_and_go)
    coming.start()
    try:
        for number in range(6):
            sandbox = confined.make(number + 7, mounts=(Mount(str(shared), "/mnt/shared", read_only),))
            assert (await run(sandbox, "echo", "on")).output == "on\n"
            await sandbox.kill()
    finally:
        ended.set()
        coming.join()
    assert os.listdir(shared) == []


async def test_a_link_in_the_place_of_a_socket_is_not_followed(confined: Workbench, tmp_path: Path) -> None:
    """Bubblewrap would make a file where it leads, with the right of whoever started Aether."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "outside").mkdir()
    path, ended = tmp_path / "shared" / "x.sock", threading.Event()

    def exchange() -> None:
        while not ended.is_set():
            with listening(path):
                time.sleep(0.01)
                path.unlink()
                path.symlink_to(f"/oldroot{tmp_path}/outside/made")
            time.sleep(0.01)
            path.unlink()

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    try:
        for number in range(12):
            sandbox = confined.make(number + 7, mounts=(Mount(str(tmp_path / "shared"), "/mnt/shared", False),))
            assert (await run(sandbox, "echo", "on")).output == "on\n"
            await sandbox.kill()
    finally:
        ended.set()
        exchanging.join()
    assert os.listdir(tmp_path / "outside") == []


async def test_a_sandbox_whose_sockets_cannot_be_covered_does_not_start(
    confined: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared").mkdir()
    spoilt = tmp_path / "launcher.py"
    spoilt.write_text(Path(launcher.__file__).read_text().replace('/ns/mnt"', '/ns/none"'))
    monkeypatch.setattr("kernel.sandbox.bubblewrap.__file__", str(spoilt))
    with listening(tmp_path / "shared" / "x.sock"):
        sandbox = confined.make(mounts=(Mount(str(tmp_path / "shared"), "/mnt/shared", False),))
        with pytest.raises(UnavailableError, match="sockets in a mounted folder"):
            await run(sandbox, "true")


async def test_a_folder_that_only_others_can_list_is_looked_into_under_root(confined: Workbench, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("whoever is not root cannot list such a folder")
    inner = tmp_path / "shared" / "service"
    inner.mkdir(parents=True)
    with listening(inner / "x.sock") as server:
        os.chown(inner, 4321, 4321)
        inner.chmod(0o711)
        sandbox = confined.make(mounts=(Mount(str(tmp_path / "shared"), "/mnt/shared", False),))
        assert (await run_python(sandbox, CONNECT, "/mnt/shared/service/x.sock")).output.count("denied:") == 3
        with pytest.raises(BlockingIOError):
            server.accept()


def test_links_and_pipes_are_no_sockets(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("real.sock")
    (tmp_path / "nowhere").symlink_to("gone")
    with listening(tmp_path / "real.sock"):
        assert found_in(tmp_path) == ["real.sock"]
    assert found_in(tmp_path) == []
