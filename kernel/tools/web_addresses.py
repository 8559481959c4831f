"""Which addresses of the network an agent's page may be fetched from, pure but for the resolver that it is given.

A name is resolved once, every address that it has is judged, and the connection is made to a judged address: a name that answers
differently the second time (DNS rebinding) gains nothing. Used by `browse_web` alone.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

from kernel.errors import PermissionDeniedError, UnavailableError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]

_METADATA = frozenset({"169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254", "192.0.0.192"})
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_EMBEDDING = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b:1::/96", "::ffff:0:0:0/96", "::/96"))


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """All addresses of a name, as the system's resolver gives them. Raises UnavailableError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnavailableError(f"{host} was not found: {reason}.", "Check the name and the network.") from error
    return tuple(dict.fromkeys(str(item[4][0]) for item in found))


def judge(host: str, addresses: tuple[str, ...], *, allow_private: bool) -> tuple[str, ...]:
    """The addresses, all of which may be connected to. Raises PermissionDeniedError for the whole name when one may not.

    allow_private: whether this machine and its network are allowed; a cloud's metadata service and what is no place of a server never are.
    """
    if not addresses:
        raise UnavailableError(f"{host} has no address.", "Check the name.")
    for text in addresses:
        reason = _never(text) or ("" if allow_private or _is_public(text) else "an address of this machine or its network")
        if reason:
            raise PermissionDeniedError(
                f"{host} is {reason}; agents do not fetch those.",
                "Use run_command with network access if the agent should reach it.",
            )
    return addresses


def _never(text: str) -> str:
    for address in _meanings(text):
        if str(address) in _METADATA or address.is_link_local:
            return "an address of the machine's own network link or of a metadata service"
        if address.is_multicast or address.is_unspecified:
            return "no address of a single server"
    return ""


def _is_public(text: str) -> bool:
    return all(address.is_global and not address.is_reserved for address in _meanings(text))


def _meanings(text: str) -> tuple[Address, ...]:
    """An address and those that it carries inside: IPv4 written as IPv6, 6to4, Teredo, NAT64."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:  # how a network without IPv4 reaches a server that has nothing else
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    inner: list[Address] = []
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    if any(address in network for network in _EMBEDDING) and address not in (ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1")):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *inner)
