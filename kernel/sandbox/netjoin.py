"""The program that gives a sandbox a network of its own: joins its namespace and becomes slirp4netns.

The kernel starts it with `-I -S` (standard library only) as: netjoin.py PID UID|- SLIRP READY_FD EXIT_FD. It takes the
namespaces of process PID by descriptor, lays routes into nowhere over what a sandbox must not reach through the host
(link-local and metadata addresses, the host's own addresses), drops to UID, and executes slirp4netns with the host's
loopback disabled. Under root it first makes /dev/net/tun, which may be closed to UID or missing, anew in a mount namespace
of its own.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import stat
import struct
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_NOSUID, MS_REC, MS_PRIVATE = 0x2, 0x4000, 0x40000
TUN_DEVICE = (10, 200)
NS_GET_USERNS = 0xB701
RTM_NEWROUTE, RTM_GETADDR, RTM_NEWADDR, NLMSG_ERROR, NLMSG_DONE = 24, 22, 20, 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP = 1, 4, 0x400, 0x300
RTN_BLACKHOLE, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_UNIVERSE = 6, 254, 4, 0
RTA_DST, IFA_ADDRESS, IFA_LOCAL = 1, 1, 2
FORBIDDEN = (("169.254.0.0", 16),)
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    """Raise OSError when a C call failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter(descriptor: int, kind: int) -> None:
    """setns; raises OSError."""
    check(LIBC.setns(descriptor, kind))


def open_tun_to_all() -> None:
    """A private /dev/net with a tun device that the unprivileged user may open."""
    check(LIBC.unshare(CLONE_NEWNS))
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    if not os.path.isdir("/dev/net"):
        check(LIBC.mount(b"tmpfs", b"/dev", b"tmpfs", MS_NOSUID, b"mode=0755,size=64k"))
        os.mkdir("/dev/net")
    check(LIBC.mount(b"tmpfs", b"/dev/net", b"tmpfs", MS_NOSUID, b"mode=0755,size=64k"))
    os.umask(0)
    os.mknod("/dev/net/tun", 0o666 | stat.S_IFCHR, os.makedev(*TUN_DEVICE))


def host_addresses() -> list[str]:
    """The IPv4 addresses of the host's own interfaces, loopback excepted."""
    found: list[str] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asking:
        header = struct.pack("=IHHII", 16 + 8, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
        asking.send(header + struct.pack("=BBBBI", socket.AF_INET, 0, 0, 0, 0))
        while True:
            data = asking.recv(65536)
            while len(data) >= 16:
                length, kind = struct.unpack_from("=IH", data)
                if kind in (NLMSG_DONE, NLMSG_ERROR) or length < 16:
                    return found
                found.extend(addresses_of(data[24:length]) if kind == RTM_NEWADDR else [])
                data = data[(length + 3) & ~3 :]


def addresses_of(attributes: bytes) -> list[str]:
    """The local addresses in the attributes of one address message."""
    found: list[str] = []
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if length < 4:
            break
        if kind == IFA_LOCAL and length == 8:
            found.append(socket.inet_ntoa(attributes[4:8]))
        attributes = attributes[(length + 3) & ~3 :]
    return [address for address in found if not address.startswith("127.")]


def add_blackhole(asking: socket.socket, address: str, prefix: int) -> None:
    """Add a route into nowhere; the namespace is fresh, so a failure is worth ending for."""
    route = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, prefix, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_BLACKHOLE, 0
    )
    target = struct.pack("=HH", 8, RTA_DST) + socket.inet_aton(address)
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
    asking.send(struct.pack("=IHHII", 16 + len(route) + len(target), RTM_NEWROUTE, flags, 2, 0) + route + target)
    answer = asking.recv(65536)
    code = struct.unpack_from("=i", answer, 16)[0]
    if code not in (0, -17):
        raise OSError(-code, f"route to {address}: {os.strerror(-code)}")


def lay_routes(user_namespace: int, net_namespace: int, addresses: list[str]) -> None:
    """In a child process, which may enter the namespaces for good."""
    child = os.fork()
    if child == 0:
        try:
            enter(user_namespace, CLONE_NEWUSER)
            enter(net_namespace, CLONE_NEWNET)
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asking:
                for address, prefix in (*FORBIDDEN, *((address, 32) for address in addresses)):
                    add_blackhole(asking, address, prefix)
        except OSError as error:
            os.write(2, f"netjoin: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        sys.exit("netjoin: the routes could not be laid")


def main() -> None:
    """Join, lay routes, drop, become slirp4netns."""
    pid, uid, slirp, ready, ending = sys.argv[1:6]
    net = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    user = fcntl.ioctl(net, NS_GET_USERNS)
    lay_routes(user, net, host_addresses())
    if uid != "-":
        open_tun_to_all()
        os.setgroups([])
        os.setresgid(int(uid), int(uid), int(uid))
        os.setresuid(int(uid), int(uid), int(uid))
    os.set_inheritable(net, True)
    os.set_inheritable(user, True)
    options = ["--configure", "--mtu=65520", "--disable-host-loopback", f"--ready-fd={ready}", f"--exit-fd={ending}"]
    options += [f"--userns-path=/proc/self/fd/{user}", "--netns-type=path", f"/proc/self/fd/{net}", "tap0"]
    os.execve(slirp, ["slirp4netns", *options], {})


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"netjoin: {error}")
