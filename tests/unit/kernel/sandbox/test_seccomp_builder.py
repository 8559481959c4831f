"""The filters are interpreted instruction by instruction: what they answer is what the list says, on both processors."""

import errno
import struct

import pytest

from kernel.sandbox.seccomp_builder import (
    ABSENT,
    ALLOW,
    DENIED,
    DENY,
    KILL_PROCESS,
    MACHINES,
    NO_FAMILY,
    PRETENDED_ABSENT,
    PRETENDED_UNSUPPORTED,
    UNSUPPORTED,
    VARIANTS,
    Machine,
    build,
    filter_path,
    main,
)

CASES = [(machine, variant) for machine in MACHINES for variant in VARIANTS]
BOTH = pytest.mark.parametrize(("machine", "variant"), CASES, ids=lambda value: getattr(value, "name", value))


def answer_of(program: bytes, number: int, audit: int, *arguments: int) -> int:
    """What the filter returns for a system call; a BPF machine in a few lines."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, audit, 0, *(value & (1 << 64) - 1 for value in padded))
    instructions = list(struct.iter_unpack("<HBBI", program))
    accumulator, position = 0, 0
    while True:
        code, when_true, when_false, value = instructions[position]
        position += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return value
        else:
            taken = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            position += when_true if taken else when_false


def ask(machine: Machine, variant: str, name: str, *arguments: int) -> int:
    """The answer for a system call by name."""
    return answer_of(build(machine, variant), machine.calls[name], machine.audit, *arguments)


@BOTH
def test_shipped_filters_are_what_the_script_makes(machine: Machine, variant: str) -> None:
    assert filter_path(machine.name, variant).read_bytes() == build(machine, variant)
    assert main(["--check"]) == 0
    assert len(build(machine, variant)) % 8 == 0


@BOTH
def test_listed_calls_are_denied_and_others_allowed(machine: Machine, variant: str) -> None:
    for name in DENIED:
        if name in machine.calls:
            assert ask(machine, variant, name) == DENY, name
    for name in PRETENDED_ABSENT:
        assert ask(machine, variant, name) == ABSENT, name
    for name in PRETENDED_UNSUPPORTED:
        assert ask(machine, variant, name) == UNSUPPORTED, name
    taken = set(machine.calls.values())
    program = build(machine, variant)
    for number in set(range(460)) - taken:
        assert answer_of(program, number, machine.audit) == ALLOW, number


@BOTH
def test_other_architectures_end_the_process(machine: Machine, variant: str) -> None:
    program = build(machine, variant)
    assert answer_of(program, 1, 0x40000003) == KILL_PROCESS
    x32 = answer_of(program, 0x40000001, machine.audit)
    assert x32 == (ABSENT if machine.has_x32 else ALLOW)


@BOTH
def test_sockets(machine: Machine, variant: str) -> None:
    for family in (1, 2, 10):
        for kind in (1, 2, 1 | 0o2000000, 2 | 0o4000):
            assert ask(machine, variant, "socket", family, kind, 0) == ALLOW
    for family in (2, 10):
        assert ask(machine, variant, "socket", family, 3 | 0o2000000, 1) == DENY
    for family in (17, 31, 38, 40, 44):
        assert ask(machine, variant, "socket", family, 3, 0) == NO_FAMILY
    route = ask(machine, variant, "socket", 16, 3 | 0o2000000, 0)
    assert route == (ALLOW if variant == "network" else NO_FAMILY)
    assert ask(machine, variant, "socket", 16, 3, 9) == NO_FAMILY


@BOTH
def test_clone_without_namespaces(machine: Machine, variant: str) -> None:
    assert ask(machine, variant, "clone", 0x01200011) == ALLOW
    assert ask(machine, variant, "clone", 0x3D0F00) == ALLOW
    for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000):
        assert ask(machine, variant, "clone", flag | 17) == DENY


@BOTH
def test_terminal_requests(machine: Machine, variant: str) -> None:
    for request in (0x5412, 0x541C, 0x5423, 0x5412 | 1 << 32):
        assert ask(machine, variant, "ioctl", 0, request) == DENY
    for request in (0x5401, 0x5413, 0x5414, 0x540E, 0x80045430):
        assert ask(machine, variant, "ioctl", 0, request) == ALLOW


@BOTH
def test_set_id_bits(machine: Machine, variant: str) -> None:
    for name, index in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2), ("mknodat", 2)):
        if name not in machine.calls:
            continue
        assert ask(machine, variant, name, *[0] * index, 0o755) == ALLOW
        assert ask(machine, variant, name, *[0] * index, 0o1777) == ALLOW
        for bit in (0o4000, 0o2000):
            assert ask(machine, variant, name, *[0] * index, 0o755 | bit) == DENY
    create, temporary = 0o101, 0o20200002
    assert ask(machine, variant, "openat", 0, 0, create, 0o644) == ALLOW
    assert ask(machine, variant, "openat", 0, 0, create, 0o4755) == DENY
    assert ask(machine, variant, "openat", 0, 0, temporary, 0o4755) == DENY
    assert ask(machine, variant, "openat", 0, 0, 0, 0o4755) == ALLOW


def test_errors_are_the_documented_ones() -> None:
    assert DENY & 0xFFFF == errno.EPERM
    assert ABSENT & 0xFFFF == errno.ENOSYS
