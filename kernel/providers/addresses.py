"""Reading addresses as people write them: `localhost`, `0.0.0.0:11434`, `:8080`, `http://host/v1/`.

Owns the normalisation. The registry and the endpoints call it; it must not open a connection.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def server_root(value: str, default_port: int) -> str:
    """`scheme://host:port` plus any path, without a slash at the end; "" for an empty or unreadable address.

    An address that means "every interface" becomes this machine; without scheme it is http, without port
    `default_port` (a full http or https address keeps its scheme's own port).
    """
    value = value.strip().rstrip("/")
    if not value:
        return ""
    has_scheme = "://" in value
    try:
        parts = urlsplit(value if has_scheme else f"http://{value}")
        port = parts.port
        host = parts.hostname or "127.0.0.1"
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    if port is None and not has_scheme:
        port = default_port
    credentials = parts.netloc.rpartition("@")[0]
    place = f"{credentials}@{host}" if credentials else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def openai_base(value: str, default_port: int) -> str:
    """The same for an OpenAI-compatible server: `/v1` is added where the address has no path."""
    root = server_root(value, default_port)
    if not root:
        return ""
    return root if urlsplit(root).path else f"{root}/v1"


def host(url: str) -> str:
    """The host of an address in lower case, "" where it cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_local(url: str) -> bool:
    """Whether an address is on this machine or in a private network."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host in ("localhost", "host.docker.internal") or host.endswith((".local", ".lan", ".internal", ".localhost")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_private or address.is_loopback or address.is_link_local
