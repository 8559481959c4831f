"""The process table: parsing, trees, and signals that never hit a stranger."""

import os
import signal
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from kernel.sandbox.processes import (
    below,
    children_index,
    command_line,
    kill_identified,
    parse_stat,
    process_table,
    read_process,
    start_time,
    tree_rows,
)

LINE = b"42 (a) b (c)) S 7 42 40 0 -1 4194304 1 0 0 0 11 31 0 0 20 0 1 0 12345 1000 3 18446744073709551615 0"


def test_a_name_with_parentheses() -> None:
    row = parse_stat(LINE)
    assert row is not None
    assert (row.pid, row.ppid, row.name, row.state) == (42, 7, "a) b (c)", "S")
    assert (row.start_time, row.cpu_ticks, row.session) == (12345, 42, 40)
    assert row.memory_bytes == 3 * os.sysconf("SC_PAGE_SIZE")


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    parse_stat(data)
    parse_stat(LINE[:20] + data)
    parse_stat(data + LINE[20:])


def test_own_process_is_in_the_table() -> None:
    table = process_table()
    own = table[os.getpid()]
    assert own.ppid == os.getppid()
    assert own.memory_bytes > 1 << 20
    assert read_process(os.getpid()) is not None
    assert "python" in command_line(os.getpid()).lower() or command_line(os.getpid())


def test_trees() -> None:
    child = subprocess.Popen(["sh", "-c", "sleep 300 & wait"])
    try:
        names: list[str] = []
        while names != ["sh", "sleep"]:  # the second is a shell as well, until it has become what it is to be
            names = [row.name for row in tree_rows(child.pid)]
        assert child.pid in below(os.getpid(), children_index(process_table()))
    finally:
        for row in tree_rows(child.pid)[::-1]:
            os.kill(row.pid, signal.SIGKILL)
        child.wait()


def test_a_cycle_in_a_table_ends() -> None:
    assert below(1, {1: [2], 2: [3], 3: [1, 2]}) == [2, 3]


def test_kill_needs_the_start_time() -> None:
    child = subprocess.Popen(["sleep", "300"])
    started = start_time(child.pid)
    assert started is not None
    assert not kill_identified(child.pid, started + 1)
    assert child.poll() is None
    assert kill_identified(child.pid, started)
    assert child.wait() == -signal.SIGKILL
    assert not kill_identified(child.pid, started)
    assert start_time(child.pid) is None
