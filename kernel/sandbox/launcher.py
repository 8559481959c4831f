"""The program that turns itself into a bubblewrap sandbox.

The kernel starts it with `-I -S` (standard library only) and a plan in `marshal` format 2 on standard input; it joins the agent's
control groups, prepares what bubblewrap needs, drops every privilege, and executes bubblewrap with an empty environment.
Started by root it first makes a mount namespace of its own in which the agent's folders lie under a path that the
unprivileged user can reach, mapped so that files of the folder's owner are the agent's (`MOUNT_ATTR_IDMAP`). Where a file system
cannot map owners (overlayfs, so root in most containers), the agent is given its own folders, and named in the access lists of the
others.

A folder that was kept by its path is opened part by part, none of them a link, and must be the folder that was kept. Under root what was
opened is what is mounted; otherwise bubblewrap is given the descriptor. A bubblewrap that cannot bind one is given the path: who exchanges
the folder in the milliseconds until it is mounted is not noticed.

A Unix socket belongs to no network namespace: who can reach its name can connect to it, through a read-only mount too. Where one lies in a
mounted folder and something listens on it (Docker, a database, an editor), it is covered with a device that cannot be opened, so that the
agent has no way to a service of the machine. A child of the launcher searches while the sandbox is made, and covers in the finished one, by
descriptor: bubblewrap would make a file in the person's folder, or give up, where a socket has gone meanwhile, and follow a link there. The
supervisor serves nobody before. What begins to listen after the sandbox was started is not covered: to look again before each command would
not help against a program of the agent that waits for it.

It is a chain of programs because code between fork and exec (`preexec_fn`) can deadlock a process with threads.
"""

from __future__ import annotations

import ctypes
import errno
import marshal
import os
import stat
import struct
import sys
import time

TYPE_CHECKING = False  # as in `typing`, whose import alone costs 10 ms at every start of a sandbox
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterable, Iterator
    from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, NS_GET_USERNS, PR_SET_PDEATHSIG, SIGKILL = 0x20000, 0x10000000, 0xB701, 1, 9
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, AT_EMPTY_PATH, AT_RECURSIVE, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH = 1, 0x1000, 0x8000, 4, 0x40
AT_FDCWD = -100
MOUNT_ATTR_IDMAP = 0x100000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
SYS_OPENAT2, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH = 437, 0x04, 0x08
ACL_ACCESS, ACL_DEFAULT, ACL_VERSION, ACL_NOBODY = "system.posix_acl_access", "system.posix_acl_default", 2, 0xFFFFFFFF
ACL_OWNER, ACL_USER, ACL_GROUP_OWNER, ACL_GROUP, ACL_MASK, ACL_OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ACL_READ_WRITE, ACL_SEARCH = 6, 1
SOCKET_SEARCH_S, MOST_SOCKETS = 2.0, 10_000  # in all mounted folders together; a start must not wait for the largest of them
MOST_DESCRIPTORS = 1 << 20

LIBC = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """The result of a C call; raises OSError naming what failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def system_call(number: int, *arguments: int | bytes) -> int:
    """A system call that the C library has no name for; bytes are pointers, the rest are longs."""
    converted = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments]
    return check(LIBC.syscall(ctypes.c_long(number), *converted), f"system call {number}")


def join_control_groups(paths: Iterable[str]) -> None:
    """Enter the groups, so that everything started from here is in them from its first moment."""
    for path in paths:
        with open(path, "w") as target:
            target.write("0")


def prefer_for_oom(score: int) -> None:
    """Let the system's out-of-memory killer take the agent before Aether."""
    try:
        with open("/proc/self/oom_score_adj", "w") as target:
            target.write(str(score))
    except OSError:
        return  # an older, stricter system: the limits still hold


def mapping_namespace(owner: int, group: int, uid: int) -> int:
    """Descriptor of a user namespace that maps one owner and group on disk to the agent's uid."""
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            check(LIBC.unshare(CLONE_NEWUSER), "unshare")
            os.write(ready_write, b"1")
            os.close(go_write)
            os.read(go_read, 1)
        finally:
            os._exit(0)
    os.close(ready_write)
    try:
        if not os.read(ready_read, 1):
            raise OSError("no user namespace")
        for name, source in (("uid_map", owner), ("gid_map", group)):
            with open(f"/proc/{child}/{name}", "w") as target:
                target.write(f"{source} {uid} 1")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for descriptor in (ready_read, go_read, go_write):
            os.close(descriptor)
        os.waitpid(child, 0)


def detached_tree(path: str, uid: int, namespaces: dict[tuple[int, int], int]) -> int:
    """Descriptor of a copy of the mount at `path`, mapped to the uid where the file system can."""
    tree = system_call(SYS_OPEN_TREE, AT_FDCWD, os.fsencode(path), OPEN_TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC)
    found = os.stat(path)
    key = (found.st_uid, found.st_gid)
    if uid == found.st_uid:
        return tree
    if key not in namespaces:
        namespaces[key] = mapping_namespace(*key, uid)
    attributes = b"".join(value.to_bytes(8, sys.byteorder) for value in (MOUNT_ATTR_IDMAP, 0, 0, namespaces[key]))
    system_call(SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes, len(attributes))
    return tree


def take_over(path: str, uid: int) -> None:
    """Give a folder and everything in it to the uid, for file systems that cannot map owners."""
    os.chown(path, uid, uid, follow_symlinks=False)
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


def access_list(known: bytes | None, mode: int, uid: int, wanted: int) -> bytes:
    """An access list in the file system's form: `known`, or what `mode` says where there is none, and `wanted` for the uid."""
    entries: dict[tuple[int, int], int] = {}
    for start in range(4, len(known or b""), 8):
        tag, bits, name = struct.unpack_from("<HHI", known or b"", start)
        entries[tag, name] = bits
    for tag, shift in ((ACL_OWNER, 6), (ACL_GROUP_OWNER, 3), (ACL_OTHER, 0)):
        entries.setdefault((tag, ACL_NOBODY), mode >> shift & 7)
    entries[ACL_USER, uid] = wanted
    masked = (bits for (tag, _), bits in entries.items() if tag in (ACL_USER, ACL_GROUP_OWNER, ACL_GROUP, ACL_MASK))
    mask = 0
    for bits in masked:
        mask |= bits
    entries[ACL_MASK, ACL_NOBODY] = mask
    ordered = sorted(entries.items())
    return struct.pack("<I", ACL_VERSION) + b"".join(struct.pack("<HHI", tag, bits, name) for (tag, name), bits in ordered)


def attribute(descriptor: int, name: str) -> bytes | None:
    """An extended attribute; None where there is none."""
    try:
        return os.getxattr(descriptor, name)
    except OSError as error:
        if error.errno == errno.ENODATA:
            return None
        raise


def admit(descriptor: int, uid: int) -> None:
    """Let the uid read and write a file or folder, and what is made in the folder later. Raises OSError."""
    found = os.fstat(descriptor)
    if found.st_uid == uid:
        return
    folder = stat.S_ISDIR(found.st_mode)
    wanted = ACL_READ_WRITE | (ACL_SEARCH if folder or found.st_mode & 0o111 else 0)
    for name in (ACL_ACCESS, ACL_DEFAULT) if folder else (ACL_ACCESS,):
        known = attribute(descriptor, name)
        if known is None or struct.pack("<HHI", ACL_USER, wanted, uid) not in known:
            os.setxattr(descriptor, name, access_list(known, found.st_mode, uid, wanted))


def admit_below(path: str, uid: int) -> None:
    """`admit` for a folder and everything in it. Raises OSError where the folder itself has no access lists.

    Another agent may exchange what lies in it meanwhile: no link is followed, and a file with a second name elsewhere is left alone.
    """
    top = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    how = b"".join(value.to_bytes(8, sys.byteorder) for value in (
        os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS))  # fmt: skip
    try:
        admit(top, uid)
        waiting = [b"."] if os.path.isdir(path) else []
        while waiting:
            waiting.extend(admit_entries(top, waiting.pop(), how, uid))
    finally:
        os.close(top)


def admit_entries(top: int, inner: bytes, how: bytes, uid: int) -> list[bytes]:
    """Admit the uid to what lies in a folder below `top`; returns the folders among them. What cannot be opened stays as it is."""
    folders: list[bytes] = []
    try:
        listed = system_call(SYS_OPENAT2, top, inner, how, len(how))
    except OSError:
        return folders
    try:
        for name in os.listdir(listed):
            path = inner + b"/" + os.fsencode(name)
            try:
                entry = system_call(SYS_OPENAT2, top, path, how, len(how))
            except OSError:
                continue  # a link, a socket, or gone
            try:
                found = os.fstat(entry)
                if stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
                    admit(entry, uid)
                if stat.S_ISDIR(found.st_mode):
                    folders.append(path)
            except OSError:
                continue  # another file system below it, or one that may not be changed
            finally:
                os.close(entry)
    finally:
        os.close(listed)
    return folders


def make_usable(source: str, reached: str, how: str, uid: int) -> None:
    """Let the uid work in a folder, reached by another name, whose owner cannot be mapped. Raises OSError with a sentence for people."""
    if how == "own":
        take_over(reached, uid)
    elif how == "map":
        try:
            admit_below(reached, uid)
        except OSError as error:
            raise OSError(
                f"{source} lies on a file system that can neither map owners nor keep access lists ({error.strerror}), so that "
                "the agent could not write in it; mount it read-only, or start Aether as its owner instead of root",
            ) from error


def open_kept(path: str, identity: tuple[int, int]) -> int:
    """Descriptor of a folder that was kept by its real path and (st_dev, st_ino). Raises OSError with a sentence for people."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    found = os.open("/", flags)
    for part in path.split("/"):
        if part:
            try:
                following = os.open(part, flags, dir_fd=found)
            except OSError as error:
                os.close(found)
                reason = f"{part} in it is no folder or a link now" if error.errno == errno.ENOTDIR else error.strerror
                raise OSError(f"{path} cannot be mounted: {reason}; put the folder back that was there") from error
            os.close(found)
            found = following
    status = os.fstat(found)
    if (status.st_dev, status.st_ino) != tuple(identity):
        os.close(found)
        raise OSError(f"{path} cannot be mounted: it is another folder than before; put the folder back that was there")
    return found


def require_points(points: list[tuple[str, tuple[int, int] | None, str, str]]) -> None:
    """Look that no part of a place where something is mounted is a link: bubblewrap would follow it, out of its folder too. Raises OSError.

    points: (folder, identity, the place in it, the place in a sentence). Parts that are missing are made by bubblewrap in the agent's own
    folders, in which nothing of the agent runs meanwhile; a folder with an identity is somebody's, in which nothing is made unasked.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    for folder, identity, point, shown in points:
        held = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) if identity is None else open_kept(folder, identity)
        try:
            for part in point.split("/"):
                try:
                    following = os.open(part, flags, dir_fd=held)
                except FileNotFoundError as error:
                    if identity is None:
                        break
                    raise OSError(f"nothing can be mounted at {shown}: there is no {point} in {folder}; make it") from error
                except OSError as error:
                    raise OSError(f"nothing can be mounted at {shown}: {part} in it is no folder or a link; remove it") from error
                os.close(held)
                held = following
        finally:
            os.close(held)


def stage(binds: list[tuple[str, str]], uid: int, folder: str, kept: dict[str, tuple[int, int]]) -> dict[str, str]:
    """Mount every bind source under `folder` in a namespace of our own; returns {source: staged path}.

    binds: [source, how]; "own" (the agent's own folder), "map" (writable) and "read" are mapped to the uid; "plain" stays as it is.
    Where the file system cannot map owners, an "own" folder is given to the uid, and the uid is admitted to a "map" one.
    kept: {source: which folder it must be}, looked at in the new namespace, whose mounts alone can be copied.
    """
    check(LIBC.unshare(CLONE_NEWNS), "unshare")
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount --make-rprivate")
    namespaces: dict[tuple[int, int], int] = {}
    trees: list[tuple[str, int]] = []
    for source, how in binds:
        held = open_kept(source, kept[source]) if source in kept else None
        reached = source if held is None else f"/proc/self/fd/{held}/."
        try:
            tree = detached_tree(reached, os.stat(reached).st_uid if how == "plain" else uid, namespaces)
        except OSError:
            make_usable(source, reached, how, uid)
            tree = detached_tree(reached, os.stat(reached).st_uid, namespaces)
        trees.append((source, tree))
        if held is not None:
            os.close(held)
    options = f"mode=0755,size=1m,uid={uid},gid={uid}".encode()
    check(LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", MS_NOSUID | MS_NODEV, options), "mount tmpfs")
    staged: dict[str, str] = {}
    for number, (source, tree) in enumerate(trees):
        target = f"{folder}/{number}"
        if source in kept or os.path.isdir(source):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        system_call(SYS_MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(target), MOVE_MOUNT_F_EMPTY_PATH)
        os.close(tree)
        staged[source] = target
    for descriptor in namespaces.values():
        os.close(descriptor)
    return staged


def in_memory(name: str, content: bytes) -> int:
    """An inheritable descriptor from which `content` can be read."""
    descriptor = os.memfd_create(name, 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def inheritable_file(path: str) -> int:
    """An inheritable descriptor of a file that the unprivileged user might not be able to open."""
    descriptor = os.open(path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    return descriptor


def is_listened_on(path: str) -> bool:
    """Whether some process of the machine, in a container too, has this socket open. Its server notices nothing.

    Connecting with a socket of another type than the server's is refused as "wrong type" where there is a server, and as
    "refused" where there is none (unix(7)). A server of datagrams is not told who connects to it.
    """
    import socket  # no other start of a sandbox needs it

    try:
        held = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not stat.S_ISSOCK(os.fstat(held).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            asking.connect(f"/proc/self/fd/{held}")  # a path may be longer than an address
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    finally:
        os.close(held)
    return True


def sockets_in(folder: str, passed: Iterable[str], until: float) -> Iterator[str]:
    """Paths in the folder, relative to it, of the sockets on which something listens; what is nearest to its top comes first.

    passed: folders in it, relative as well, over which something else is mounted. Links are not followed. until: when to stop.
    """
    left_out = {f"{each}/" for each in passed}
    waiting = [""]
    for inner in waiting:
        try:
            entries = os.scandir(f"{folder}/{inner}")
        except OSError:
            continue
        with entries:
            for entry in entries:
                path = inner + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.extend([f"{path}/"] if f"{path}/" not in left_out else [])
                elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                    if is_listened_on(f"{folder}/{path}"):
                        yield path
                    if time.monotonic() > until:
                        return
        if time.monotonic() > until:
            return


def sockets_to_cover(mounts: list[tuple[str, str]], kept: dict[str, tuple[int, int]]) -> list[tuple[str, str]]:
    """(where the folder is mounted, path in it) of the sockets in all folders. mounts: (folder, where). Each has its share of the time."""
    found: list[tuple[str, str]] = []
    started = time.monotonic()
    for number, (source, guest) in enumerate(mounts, 1):
        folder = f"/proc/self/fd/{open_kept(source, kept[source])}" if source in kept else source
        passed = [other[len(guest) + 1 :] for _, other in mounts if other.startswith(f"{guest}/")]
        for path in sockets_in(folder, passed, started + SOCKET_SEARCH_S * number / len(mounts)):
            found.append((guest, path))
            if len(found) >= MOST_SOCKETS:
                return found
    return found


def enter_sandbox(pid: int) -> None:
    """Enter the mounts of a process in the sandbox; whoever is not root gets the right to change them from its user namespace."""
    import fcntl

    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    if os.geteuid() != 0:
        check(LIBC.setns(fcntl.ioctl(mounts, NS_GET_USERNS), CLONE_NEWUSER), "setns")
    check(LIBC.setns(mounts, CLONE_NEWNS), "setns")


def opened_below(guest: str, path: str) -> int | None:
    """Descriptor of what lies at the path in a folder, no part of it a link; None without one. Raises OSError without the folder."""
    folder = os.open(guest, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    how = b"".join(value.to_bytes(8, sys.byteorder) for value in (
        os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS))  # fmt: skip
    try:
        return system_call(SYS_OPENAT2, folder, os.fsencode(path), how, len(how))
    except OSError:
        return None
    finally:
        os.close(folder)


def lay(tree: int, held: int) -> None:
    """Mount a tree over what is held, unless that was removed. Raises OSError."""
    try:
        system_call(SYS_MOVE_MOUNT, tree, b"", held, b"", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
    except FileNotFoundError:
        return
    finally:
        os.close(tree)


def cover(guest: str, path: str) -> None:
    """Lay a device that cannot be opened over the socket at the path in a folder, if there still is one. Raises OSError."""
    import contextlib

    held = opened_below(guest, path)
    if held is None:
        return
    if stat.S_ISSOCK(os.fstat(held).st_mode):
        tree = system_call(SYS_OPEN_TREE, AT_FDCWD, os.fsencode(os.devnull), OPEN_TREE_CLONE | os.O_CLOEXEC)
        closed = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
        attributes = b"".join(value.to_bytes(8, sys.byteorder) for value in (closed, 0, 0, 0))
        with contextlib.suppress(OSError):  # Linux before 5.12: a device that swallows all
            system_call(SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes))
        lay(tree, held)
    os.close(held)


def separate(mounts: list[tuple[str, str]]) -> None:
    """Make a folder that is mounted a second time a mount of its own within the folder around it. Raises OSError.

    Else the agent could move a covered socket into it, with the folder that holds it, and reach it uncovered in the other mount.
    """
    for source, guest in mounts:
        for other, _ in mounts:
            held = opened_below(guest, other[len(source) + 1 :]) if other.startswith(f"{source}/") else None
            if held is not None:
                lay(system_call(SYS_OPEN_TREE, held, b"", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE | os.O_CLOEXEC), held)
                os.close(held)


def cover_sockets(asked: _socket.socket, mounts: list[tuple[str, str]], kept: dict[str, tuple[int, int]]) -> None:
    """Search, wait until a supervisor in the finished sandbox asks, cover there what was found, and answer. Raises OSError."""
    LIBC.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    found = sockets_to_cover(mounts, kept)
    data, ancillary, _, _ = asked.recvmsg(1, 64)
    if not data:
        return  # the sandbox was not made
    if found:
        enter_sandbox(struct.unpack("3i", ancillary[0][2])[0])
        separate(mounts)
    for guest, path in found:
        cover(guest, path)
    asked.send(b".")


def start_covering(mounts: list[tuple[str, str]], kept: dict[str, tuple[int, int]]) -> int:
    """Start a child that covers the sockets; returns the inheritable end of a socket on which the supervisor asks and is answered.

    Bubblewrap, which this process becomes, reaps what it did not start itself.
    """
    import _socket  # `socket` would take another 10 ms from every start with mounts

    asked, asking = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    asked.setsockopt(_socket.SOL_SOCKET, _socket.SO_PASSCRED, 1)
    if os.fork() == 0:
        try:
            os.closerange(3, asked.fileno())
            os.closerange(asked.fileno() + 1, MOST_DESCRIPTORS)
            cover_sockets(asked, mounts, kept)
        except OSError as error:
            os.write(2, f"launcher: sockets in a mounted folder: {error}\n".encode(errors="backslashreplace"))
        finally:
            os._exit(0)
    asked.close()
    held = asking.detach()
    os.set_inheritable(held, True)
    return held


def resolve(words: list[Any], staged: dict[str, str], kept: dict[str, tuple[int, int]], by_descriptor: bool) -> list[str]:
    """Bubblewrap's arguments, with the plan's stand-ins replaced by staged paths and descriptors.

    kept: which folders those must be that are not staged; by_descriptor: bubblewrap can bind what was looked at.
    """
    arguments: list[str] = []
    for word in words:
        if isinstance(word, str):
            arguments.append(word)
        elif word.get("bind") in kept and word["bind"] not in staged:
            held = open_kept(word["bind"], kept[word["bind"]])  # one for each: bubblewrap closes it when it has bound it
            if by_descriptor:
                os.set_inheritable(held, True)
                arguments[-1] += "-fd"
            else:
                os.close(held)
            arguments.append(str(held) if by_descriptor else word["bind"])
        elif "bind" in word:
            arguments.append(staged.get(word["bind"], word["bind"]))
        elif "data" in word:
            arguments.append(str(in_memory("aether", word["data"].encode())))
        else:
            arguments.append(str(inheritable_file(word["file"])))
    return arguments


def main() -> None:
    """Read the plan and become bubblewrap."""
    plan = marshal.load(sys.stdin.buffer)
    join_control_groups(plan["control_groups"])
    prefer_for_oom(plan["oom_score"])
    os.umask(0o022)
    uid = plan["uid"]
    require_points(plan["points"])
    command = plan["command"]
    if plan["mounts"]:
        command += (f"SOCKETS_COVERED={start_covering(plan['mounts'], plan['kept'])}",)
    staged: dict[str, str] = {}
    if uid is not None:
        staged = stage(plan["binds"], uid, plan["staging_folder"], plan["kept"])
    arguments = resolve(plan["arguments"], staged, plan["kept"], plan["binds_descriptors"])
    packed = in_memory("arguments", b"\0".join(os.fsencode(word) for word in arguments) + b"\0")
    if uid is not None:
        os.setgroups(plan["groups"])  # none, but for the group that may open a GPU
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.execve(plan["bwrap"], ["bwrap", "--args", str(packed), "--", *command], {})


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError, EOFError) as error:
        sys.exit(f"launcher: {error}")
