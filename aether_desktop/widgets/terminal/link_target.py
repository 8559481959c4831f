"""What a link's address really is, for a person to judge before it is opened. Asks no network and opens nothing.

Addresses come from programs and are hostile: what is shown, copied and opened is one and the same, the encoded form of the very QUrl
that is handed on, so that no other reader can see another host in it. Mixed scripts and hidden parts are named, and only a few schemes
can be opened at all. Called by `links`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from PySide6.QtCore import QUrl

MOST_CHARS = 2083
WEB_SCHEMES = ("http", "https")
OPENABLE = (*WEB_SCHEMES, "mailto", "file")
_HIDDEN = re.compile("[\x00-\x20\x7f-\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb]")
_SCHEME = re.compile("|".join(f"{scheme}:" for scheme in OPENABLE), re.IGNORECASE)
#: Characters that are written from right to left turn round what stands beside them.
_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
_ENCODED = QUrl.ComponentFormattingOption.FullyEncoded


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """An address that can be opened.

    address: as it is opened and copied, in ASCII. before, host, after: for reading, one behind the other; host is the name as it is
    looked up, empty where there is none. warnings: sentences.
    """

    address: str
    scheme: str
    before: str
    host: str
    after: str
    warnings: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The whole of it for reading."""
        return self.before + self.host + self.after


def link_target(address: str, text: str = "") -> LinkTarget | None:
    """What an address leads to; None for one that is never opened.

    text: what the terminal shows for it; a text that looks like another address is warned of.
    """
    if not _SCHEME.match(address) or len(address) > MOST_CHARS or _HIDDEN.search(address):
        return None
    encoded = _encoded(QUrl(address))
    url = url_of(encoded)
    scheme, host = url.scheme(), url.host(_ENCODED)
    if not url.isValid() or host != QUrl(address).host(_ENCODED) or scheme not in OPENABLE:
        return None
    if (scheme in WEB_SCHEMES and not host) or (scheme == "file" and not url.path().startswith("/")):
        return None
    parts = _split(encoded, scheme, f"[{host}]" if ":" in host else host)
    if parts is None:
        return None
    before, name, after = parts
    warnings = [*_host_warnings(host), *_other_warnings(url, host, text)]
    return LinkTarget(encoded, scheme, before, name, _readable(after), tuple(warnings))


def url_of(address: str) -> QUrl:
    """The address of a `LinkTarget` for Qt: read strictly, so that it is what was shown or nothing."""
    return QUrl.fromEncoded(address.encode("ascii"), QUrl.ParsingMode.StrictMode)


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of its letters, by the first word of their Unicode names (LATIN, CYRILLIC, GREEK, ...)."""
    return frozenset(unicodedata.name(char, "UNKNOWN").split(" ")[0] for char in text if char.isalpha())


def _encoded(url: QUrl) -> str:
    """Empty for what is no address."""
    return bytes(url.toEncoded().data()).decode("ascii")


def _split(encoded: str, scheme: str, host: str) -> tuple[str, str, str] | None:
    """What is before the host, the host, and what is behind it; None where it is not where everybody looks for it."""
    start = len(scheme) + 1
    if not encoded.startswith("//", start):
        return (encoded[:start], "", encoded[start:]) if not host else None
    start += 2
    end = start + len(re.split("[/?#]", encoded[start:], maxsplit=1)[0])
    at = encoded.rfind("@", start, end) + 1 or start
    behind = encoded[at + len(host) : end]
    if not encoded.startswith(host, at) or (behind and not re.fullmatch(":[0-9]+", behind)):
        return None
    return encoded[:at], host, encoded[at + len(host) :]


def _host_warnings(host: str) -> list[str]:
    readable = QUrl.fromAce(host.encode("ascii"), QUrl.AceProcessingOption.IgnoreIDNWhitelist)
    if readable.isascii():
        return []
    if any(len(scripts_of(label)) > 1 for label in readable.split(".")):
        return [f"The host {readable} mixes letters of several scripts; it is {host}."]
    return [f"The host {readable} is not in plain letters; it is {host}."]


def _other_warnings(url: QUrl, host: str, text: str) -> list[str]:
    warnings = []
    if url.userInfo(_ENCODED) and url.scheme() in WEB_SCHEMES:
        warnings.append(f"What stands before the @ is no host: it leads to {host}.")
    if url.scheme() == "file" and host not in ("", "localhost"):
        warnings.append(f"It names a file of another machine, {host}.")
    claimed = re.match(r"\s*(https?://[^/\s?#]+)", text)
    if claimed is not None and QUrl(claimed[1]).host(_ENCODED) != host:
        warnings.append(f"Its text names another address than {host}." if host else "Its text names another address.")
    return warnings


def _readable(encoded: str) -> str:
    """Percent signs undone where all of what comes out can be seen, and where it is."""
    try:
        readable = unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        return encoded
    moves = any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in readable if not char.isascii())
    return encoded if moves or "%" in readable or _HIDDEN.search(readable.replace(" ", "")) else readable
