"""What a second start is told by the instance that has the folder, or of one that says nothing."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel.errors import ConflictError, PermissionDeniedError
from kernel.gateway import instance
from kernel.gateway.instance import InstanceLock, raise_running, silence_of


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[None]:
    """An instance that says `answer` to the first who asks."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(instance, "RETRY_S", 0.001)
    return tmp_path_factory.mktemp("s") / "c.sock"


def test_a_window_that_came_forward(path: Path) -> None:
    with answering(path, b'{"type":"response.ok","id":"raise","data":{}}\n'):
        assert raise_running(path)


def test_an_instance_without_a_window_says_what_to_do(path: Path) -> None:
    with (
        answering(path, b'{"type":"response.error","id":"raise","error":"It has no window.","hint":"Wait for it.","code":"conflict"}\n'),
        pytest.raises(ConflictError) as refused,
    ):
        raise_running(path)
    assert (refused.value.message, refused.value.hint) == ("It has no window.", "Wait for it.")


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe", b"[1]\n", b'{"type":7}\n'])
def test_nonsense_is_no_answer(path: Path, answer: bytes) -> None:
    with answering(path, answer):
        assert not raise_running(path)


def test_nobody_there(path: Path) -> None:
    assert not raise_running(path)


def test_a_silent_instance_is_told_apart_by_the_room_on_its_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not answer" in silence_of(tmp_path, tmp_path).message
    monkeypatch.setattr(instance, "has_room", lambda folder: False)
    full = silence_of(tmp_path, tmp_path / "var")
    assert full.message == f"The Aether that runs on {tmp_path} cannot start: the disk that holds {tmp_path / 'var'} is full."
    assert "goes on by itself" in full.hint


def test_a_lock_that_cannot_be_opened_is_named_with_what_to_do(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionDeniedError, match="Aether cannot use its lock") as caught:
        InstanceLock(lock).acquire()
    assert str(lock) in str(caught.value) and "Remove it" in caught.value.hint
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_is_free_once_it_is_released_whoever_has_a_copy_of_it(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "lock"), InstanceLock(tmp_path / "lock")
    assert first.acquire()
    copy = os.dup(first._fd)
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
    os.close(copy)
