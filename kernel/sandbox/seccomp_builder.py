"""Makes the seccomp filters that ship beside this file: `python -I -m kernel.sandbox.seccomp_builder [--check]`.

A developer runs it after changing the lists below; the running application only reads the `.bpf` files, so that no
compiler and no libseccomp is needed anywhere. The filter is a deny-list over "allow": what a sandbox has no use for and
what has been a way out of one. Two variants for each machine: `strict`, and `network`, which lets a program with a network
of its own read its interfaces (NETLINK_ROUTE).
"""

import errno
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
DENY = ERRNO | errno.EPERM
ABSENT = ERRNO | errno.ENOSYS
UNSUPPORTED = ERRNO | errno.EOPNOTSUPP
NO_FAMILY = ERRNO | errno.EAFNOSUPPORT

LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER_OFFSET, ARCHITECTURE_OFFSET = 0, 4

NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
SET_ID_BITS = 0o6000
O_CREAT_ANY = 0o100 | 0o20000000  # O_CREAT or the bit that only O_TMPFILE has
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
SOCK_TYPE_MASK, SOCK_RAW, SOCK_PACKET = 0xF, 3, 10
TIOCSTI, TIOCLINUX, TIOCSETD = 0x5412, 0x541C, 0x5423

DENIED = (
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "add_key", "request_key", "keyctl",
    "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "open_tree", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "swapon", "swapoff", "reboot",
    "syslog", "acct", "quotactl", "quotactl_fd", "lookup_dcookie", "nfsservctl", "vhangup", "sethostname",
    "setdomainname", "settimeofday", "clock_settime", "iopl", "ioperm", "modify_ldt", "fanotify_init",
)  # fmt: skip
# Takes a whole disk in a millisecond, before any quota can look; libraries write zeros instead.
PRETENDED_UNSUPPORTED = ("fallocate",)
PRETENDED_ABSENT = ("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "openat2")

X86_64 = {
    "open": 2, "ioctl": 16, "socket": 41, "clone": 56, "creat": 85, "chmod": 90, "fchmod": 91, "ptrace": 101, "syslog": 103,
    "mknod": 133, "pivot_root": 155, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212, "vhangup": 153,
    "modify_ldt": 154, "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "openat": 257, "mknodat": 259, "fchmodat": 268, "unshare": 272, "perf_event_open": 298, "fanotify_init": 300,
    "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "fallocate": 285, "userfaultfd": 323,
}  # fmt: skip
AARCH64 = {
    "ioctl": 29, "mknodat": 33, "fallocate": 47, "umount2": 39, "mount": 40, "pivot_root": 41, "nfsservctl": 42, "chroot": 51, "fchmod": 52,
    "fchmodat": 53, "openat": 56, "vhangup": 58, "quotactl": 60, "acct": 89, "unshare": 97, "kexec_load": 104,
    "init_module": 105, "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142,
    "sethostname": 161, "setdomainname": 162, "settimeofday": 170, "lookup_dcookie": 18, "socket": 198, "add_key": 217,
    "request_key": 218, "keyctl": 219, "clone": 220, "swapon": 224, "swapoff": 225, "perf_event_open": 241,
    "fanotify_init": 262, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip
SINCE_5_1 = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
    "mount_setattr": 442, "quotactl_fd": 443, "fchmodat2": 452,
}  # fmt: skip
# (system call, index of the mode argument)
MODE_ARGUMENTS = (
    ("chmod", 1),
    ("fchmod", 1),
    ("fchmodat", 2),
    ("fchmodat2", 2),
    ("mknod", 1),
    ("mknodat", 2),
    ("creat", 1),
)
# (system call, index of the flags, index of the mode)
OPENING = (("open", 1, 2), ("openat", 2, 3))


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor: its name as `platform.machine()` gives it, audit number, system calls, and whether it has x32 calls."""

    name: str
    audit: int
    calls: dict[str, int]
    has_x32: bool


MACHINES = (
    Machine("x86_64", 0xC000003E, X86_64 | SINCE_5_1, True),
    Machine("aarch64", 0xC00000B7, AARCH64 | SINCE_5_1, False),
)
VARIANTS = ("strict", "network")


def instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    """One BPF instruction; the jumps are counts of instructions to skip."""
    return struct.pack("<HBBI", code, when_true, when_false, value)


def low_word(argument: int) -> bytes:
    """Load the low 32 bits of a system call's argument (0 to 5)."""
    return instruction(LOAD, 16 + 8 * argument)


def for_call(number: int, body: bytes) -> bytes:
    """Run `body`, which must return on every path, when the loaded number is `number`."""
    return instruction(JUMP_EQUAL, number, 0, len(body) // 8) + body


def answer(value: int) -> bytes:
    """Return this action."""
    return instruction(RETURN, value)


def build(machine: Machine, variant: str) -> bytes:
    """The filter program for a machine and a variant of VARIANTS."""
    calls = machine.calls
    program = instruction(LOAD, ARCHITECTURE_OFFSET)
    program += instruction(JUMP_EQUAL, machine.audit, 1, 0) + answer(KILL_PROCESS)
    program += instruction(LOAD, NUMBER_OFFSET)
    if machine.has_x32:
        program += instruction(JUMP_GREATER_EQUAL, 0x40000000, 0, 1) + answer(ABSENT)
    program += for_call(calls["clone"], _when_set(0, NAMESPACE_FLAGS))
    program += for_call(calls["socket"], _socket_rules(variant))
    program += for_call(calls["ioctl"], _ioctl_rules())
    for name, mode in MODE_ARGUMENTS:
        if name in calls:
            program += for_call(calls[name], _when_set(mode, SET_ID_BITS))
    for name, flags, mode in OPENING:
        if name in calls:
            program += for_call(calls[name], _opening_rules(flags, mode))
    for names, action in ((PRETENDED_ABSENT, ABSENT), (PRETENDED_UNSUPPORTED, UNSUPPORTED), (DENIED, DENY)):
        for name in names:
            if name in calls:
                program += for_call(calls[name], answer(action))
    return program + answer(ALLOW)


def _when_set(argument: int, bits: int) -> bytes:
    """Deny when any of the bits is set in the argument."""
    return low_word(argument) + instruction(JUMP_SET, bits, 0, 1) + answer(DENY) + answer(ALLOW)


def _opening_rules(flags: int, mode: int) -> bytes:
    """A file may not be created set-user-ID or set-group-ID; without O_CREAT the mode means nothing."""
    return low_word(flags) + instruction(JUMP_SET, O_CREAT_ANY, 1, 0) + answer(ALLOW) + _when_set(mode, SET_ID_BITS)


def _socket_rules(variant: str) -> bytes:
    """Unix and internet sockets that are not raw; interface queries where the variant allows them."""
    rules = low_word(0) + instruction(JUMP_EQUAL, AF_UNIX, 0, 1) + answer(ALLOW)
    if variant == "network":
        route_only = low_word(2) + instruction(JUMP_EQUAL, 0, 0, 1) + answer(ALLOW) + answer(NO_FAMILY)
        rules += instruction(JUMP_EQUAL, AF_NETLINK, 0, len(route_only) // 8) + route_only
    rules += instruction(JUMP_EQUAL, AF_INET, 2, 0) + instruction(JUMP_EQUAL, AF_INET6, 1, 0) + answer(NO_FAMILY)
    rules += low_word(1) + instruction(AND, SOCK_TYPE_MASK)
    rules += instruction(JUMP_EQUAL, SOCK_RAW, 1, 0) + instruction(JUMP_EQUAL, SOCK_PACKET, 0, 1) + answer(DENY)
    return rules + answer(ALLOW)


def _ioctl_rules() -> bytes:
    """No input pushed into a terminal, no console tricks, no line disciplines."""
    rules = low_word(1)
    for request in (TIOCSTI, TIOCLINUX, TIOCSETD):
        rules += instruction(JUMP_EQUAL, request, 0, 1) + answer(DENY)
    return rules + answer(ALLOW)


def filter_path(machine: str, variant: str) -> Path:
    """Where the compiled filter lies; it exists for the machines of MACHINES only."""
    return Path(__file__).with_name(f"seccomp_{machine}_{variant}.bpf")


def main(arguments: list[str]) -> int:
    """Write the filters, or with --check compare them; 1 when a shipped filter is not what this script makes."""
    stale = 0
    for machine in MACHINES:
        for variant in VARIANTS:
            program, path = build(machine, variant), filter_path(machine.name, variant)
            if arguments == ["--check"]:
                stale += not path.exists() or path.read_bytes() != program
            else:
                path.write_bytes(program)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
