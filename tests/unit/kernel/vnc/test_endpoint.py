"""Only a socket that lies right in the folder is connected to; links and everything else an agent may put there are not."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from kernel.errors import AetherError, NotFoundError, UnavailableError
from kernel.vnc import endpoint
from kernel.vnc.endpoint import connect

NAME = ".screen"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose sockets have longer paths than a Unix address can hold."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    deep.mkdir(parents=True)
    assert len(str(deep)) > 120
    return deep


def listening(path: Path, backlog: int = 5) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    here = os.open(path.parent, os.O_PATH)
    try:
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)
    made.listen(backlog)
    return made


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def refused(folder: Path, name: str = NAME) -> AetherError:
    before = descriptors()
    with pytest.raises(AetherError) as caught:
        await connect(folder, name)
    assert descriptors() == before
    return caught.value


async def test_a_socket_at_a_path_of_any_length(folder: Path) -> None:
    before = descriptors()
    with listening(folder / NAME) as server, await connect(folder, NAME) as made:
        assert descriptors() == before + 2
        other, _ = server.accept()
        with other:
            assert not made.getblocking()
            other.sendall(b"RFB")
            assert await asyncio.get_running_loop().sock_recv(made, 10) == b"RFB"


async def test_nothing_there(folder: Path) -> None:
    assert isinstance(await refused(folder), NotFoundError)
    assert isinstance(await refused(folder / "gone"), NotFoundError)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\0b"])
async def test_names_that_lead_elsewhere(folder: Path, name: str) -> None:
    assert isinstance(await refused(folder, name), NotFoundError)


async def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    with listening(tmp_path / "persons-own") as server:
        (folder / NAME).symlink_to(tmp_path / "persons-own")
        assert "something else" in (await refused(folder)).message
        assert isinstance(await refused(_linked(folder, tmp_path), "persons-own"), NotFoundError)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def _linked(folder: Path, target: Path) -> Path:
    """A folder that is a link."""
    link = folder / "link"
    link.symlink_to(target, target_is_directory=True)
    return link


async def test_other_things_are_neither_opened_nor_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "file").write_text("x")
    (folder / "folder").mkdir()
    (folder / "dangling").symlink_to("nowhere")
    async with asyncio.timeout(5):
        for name in ("pipe", "file", "folder", "dangling"):
            assert isinstance(await refused(folder, name), UnavailableError), name


async def test_nobody_listens(folder: Path) -> None:
    listening(folder / NAME).close()
    assert "nobody answers" in (await refused(folder)).message


async def test_a_name_too_long_for_the_system(folder: Path) -> None:
    assert isinstance(await refused(folder, "x" * 300), UnavailableError)


async def test_a_full_queue_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TRY_AGAIN_S", 0.01)
    with listening(folder / NAME, backlog=0) as server, await connect(folder, NAME):
        assert "too many" in (await refused(folder)).message
        monkeypatch.setattr(endpoint, "TRIES", 10_000)
        async with asyncio.timeout(10):
            waiting = asyncio.ensure_future(connect(folder, NAME))
            await asyncio.sleep(0)
            server.accept()[0].close()
            (await waiting).close()
