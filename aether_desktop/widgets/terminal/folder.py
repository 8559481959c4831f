"""The folder that a shell reports (OSC 7) as an address. Pure; what a program writes is untrusted."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def folder_of(uri: str) -> str:
    """The path in the address; "" when it is none."""
    try:
        parts = urlsplit(uri)
        path = unquote(parts.path, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return ""
    if parts.scheme not in ("", "file") or not path.startswith("/") or not path.isprintable():
        return ""
    return path
