"""What a link's address really is, for a person to judge before it is opened. Pure.

Addresses come from programs and are hostile: the host is shown as it is looked up (punycode) beside how it reads, mixed scripts
and hidden parts are named, and only a few schemes can be opened at all. Called by `links`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

MOST_CHARS = 2083
WEB_SCHEMES = ("http", "https")
OPENABLE = (*WEB_SCHEMES, "mailto", "file")
_HIDDEN = re.compile("[\x00-\x20\x7f-\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """An address that can be opened. address: as it is handed on. shown: for reading. warnings: sentences."""

    address: str
    scheme: str
    shown: str
    warnings: tuple[str, ...] = ()


def link_target(address: str, text: str = "") -> LinkTarget | None:
    """What an address leads to; None for one that is never opened.

    text: what the terminal shows for it; a text that looks like another address is warned of.
    """
    if not address or len(address) > MOST_CHARS or _HIDDEN.search(address):
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in OPENABLE or (scheme in WEB_SCHEMES and not host):
        return None
    if scheme == "file" and not parts.path.startswith("/"):
        return None
    ascii_host = _ascii_host(host)
    if ascii_host is None:
        return None
    warnings = [*_host_warnings(host, ascii_host), *_other_warnings(parts, scheme, ascii_host, text)]
    return LinkTarget(address, scheme, _shown(address, host, ascii_host), tuple(warnings))


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of its letters, by the first word of their Unicode names (LATIN, CYRILLIC, GREEK, ...)."""
    return frozenset(unicodedata.name(char, "UNKNOWN").split(" ")[0] for char in text if char.isalpha())


def _ascii_host(host: str) -> str | None:
    """The host as it is looked up; None for one that cannot be."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _unicode_host(ascii_host: str) -> str:
    try:
        return ascii_host.encode("ascii").decode("idna")
    except UnicodeError:
        return ascii_host


def _host_warnings(host: str, ascii_host: str) -> list[str]:
    readable = _unicode_host(ascii_host)
    if readable == ascii_host and host.isascii():
        return []
    if any(len(scripts_of(label)) > 1 for label in readable.split(".")):
        return [f"The host {readable} mixes letters of several scripts; it is {ascii_host}."]
    return [f"The host {readable} is not in plain letters; it is {ascii_host}."]


def _other_warnings(parts: SplitResult, scheme: str, host: str, text: str) -> list[str]:
    warnings = []
    if parts.username is not None and scheme in WEB_SCHEMES:
        warnings.append(f"What stands before the @ is no host: it leads to {host}.")
    if scheme == "file" and host not in ("", "localhost"):
        warnings.append(f"It names a file of another machine, {host}.")
    claimed = re.match(r"\s*https?://([^/\s?#]+)", text)
    if claimed is not None and claimed[1].rsplit("@", 1)[-1].split(":")[0].lower() != host.lower():
        warnings.append(f"Its text names another address than {host}.")
    return warnings


def _shown(address: str, host: str, ascii_host: str) -> str:
    """Percent signs undone where what comes out can be seen, and the host as it is looked up."""
    readable = unquote(address, errors="strict") if _decodes(address) else address
    if host and host != ascii_host:
        readable = readable.replace(host, ascii_host, 1)
    return readable


def _decodes(address: str) -> bool:
    """Whether undoing the percent signs hides nothing."""
    try:
        readable = unquote(address, errors="strict")
    except UnicodeDecodeError:
        return False
    return not _HIDDEN.search(readable.replace(" ", "")) and "%" not in readable
