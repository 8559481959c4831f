"""Taking keys out of text before anybody sees it.

Owns the list of known secrets of one provider. Dialects, failures and recording call it. It must never be logged or
shown itself.
"""

from __future__ import annotations

import re

from kernel.log import redact as redact_patterns

REPLACEMENT = "[redacted]"
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_*.-]{6,}|\bAIza[0-9A-Za-z_*-]{10,}")
_IN_QUERY = re.compile(r"(?i)([?&](?:key|api_key|access_token|token)=)[^&\s\"']+")


class Redactor:
    """Replaces known secrets and whatever looks like a key."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    @property
    def longest(self) -> int:
        """The length of the longest known secret, in characters."""
        return max((len(secret) for secret in self._secrets), default=0)

    def text(self, text: str) -> str:
        """For short texts such as error messages: known secrets and everything that looks like one."""
        text = self.known(text)
        return redact_patterns(_IN_QUERY.sub(r"\1" + REPLACEMENT, _KEY_LIKE.sub(REPLACEMENT, text)))

    def known(self, text: str) -> str:
        """For bodies: known secrets and unmistakable keys, leaving prose that speaks of passwords as it is."""
        for secret in self._secrets:
            text = text.replace(secret, REPLACEMENT)
        return _KEY_LIKE.sub(REPLACEMENT, text)
