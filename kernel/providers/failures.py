"""From a failed request to an error that says what to do.

Owns the reading of error bodies of every shape and their classification. The dialects and `pull` call it; it must
not retry, and must never put a key, a header or a whole page into a message.
"""

from __future__ import annotations

import email.utils
import html
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from kernel.providers import wire_json
from kernel.providers.base import ErrorKind, ProviderError
from kernel.providers.http import TransportFailure
from kernel.providers.redaction import Redactor

MAX_MESSAGE = 600
MAX_PLAIN = 4_000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


class Remedies(msgspec.Struct, frozen=True):
    """What a person can do, for each kind of failure of one provider; `{model}` is filled in."""

    auth: str
    unknown_model: str
    refused: str
    quota: str = "Check the account's balance and limits with the provider."
    rate_limited: str = "Wait a moment, or run fewer agents on this provider at the same time."
    overloaded: str = "Try again in a moment, or choose another model."
    context_overflow: str = "Shorten the conversation or the goal, or choose a model with a larger context."
    timeout: str = "Check whether the server is still working, or choose a smaller model."
    truncated: str = "Try again; if it happens often, look at the server's log."
    unsupported: str = "Choose another model, or update the server."
    bad_response: str = "Look whether the address is that of a language-model server, or choose another model."

    def text(self, kind: ErrorKind, model: str) -> str:
        """The hint for `kind`."""
        return str(getattr(self, kind)).replace("{model}", model or "MODEL")


class ServerFault(msgspec.Struct, frozen=True):
    """What a server said about a failure. `words` is everything that classification may look at, in lower case."""

    status: int
    message: str
    words: str
    parameter: str = ""
    retry_after_s: float | None = None
    should_retry: bool | None = None


_OVERFLOW = re.compile(
    r"context[_ ]length|context[_ ]size|maximum context|context window|prompt is too long|prompt too long"
    r"|input token count|too many tokens|exceeds? the (?:model's )?context|exceed_context|input length|request_too_large"
    r"|longer than the maximum|reduce the length"
)
#: A limit for a minute that one request is above: it is refused however long one waits.
_ABOVE_LIMIT = re.compile(r"request too large|tokens must be reduced")
_NO_MODEL = re.compile(
    r"model[^.]{0,120}(?:not found|does not exist|is not found|not supported for generatecontent)"
    r"|model_not_found|no such model|unknown model|not_found_error|no models? loaded"
)
_QUOTA = re.compile(
    r"insufficient_quota|billing|credit balance|payment|exceeded your current quota, please check your plan"
)
_AUTH = re.compile(
    r"invalid api key|incorrect api key|api key not valid|api_key_invalid|authentication|unauthenticated|invalid x-api-key"
    r"|permission_denied|permission_error|unauthorized|missing api key|api key expired"
)
_RATE = re.compile(r"rate.?limit|resource_exhausted|too many requests")
_BUSY = re.compile(
    r"overloaded|unavailable|loading model|api_error|server_error|internal|server busy|capacity|terminated|timed out"
)
_UNSUPPORTED = re.compile(r"does not support|not supported|unsupported|requires --")


def read_fault(status: int, headers: Mapping[str, str], body: bytes, now: float) -> ServerFault:
    """What an answer with an error status says. `now`: seconds since the epoch, for dates in Retry-After."""
    detail = _error_of(wire_json.load(body)) if body.lstrip()[:1] in (b"{", b"[", b'"') else None
    message, words, parameter = describe(detail) if detail is not None else (_plain(body), "", "")
    should = {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())
    wait = retry_after(headers, now)
    if wait is None:
        wait = _retry_info(detail)
    return ServerFault(status, message, f"{words} {message}".lower(), parameter, wait, should)


def read_stream_fault(error: Any) -> ServerFault:
    """What an error inside a stream says; `error` is the value of its "error" field, of any shape."""
    detail = _error_of({"error": error})
    message, words, parameter = describe(detail)
    status = wire_json.as_count(wire_json.as_dict(detail).get("code"))
    return ServerFault(
        status if 400 <= status < 600 else 0, message, f"{words} {message}".lower(), parameter, _retry_info(detail)
    )


def classify(fault: ServerFault, *, provider: str, model: str, remedies: Remedies, redact: Redactor) -> ProviderError:
    """The error for a fault. Keys that the server echoes are taken out of the message."""
    kind, retryable = _kind(fault)
    if fault.should_retry is not None and kind not in ("auth", "quota"):
        retryable = fault.should_retry
    said = _CONTROLS.sub(" ", redact.text(fault.message))[:MAX_MESSAGE].strip()
    where = f" (status {fault.status})" if fault.status else ""
    sentence = f"{provider} {_PHRASES[kind]}{where}" + (f": {_ended(said)}" if said else ".")
    return ProviderError(
        kind,
        sentence,
        remedies.text(kind, model),
        retryable=retryable,
        # However long one waits, a conversation that is too long stays too long.
        retry_after_s=None if kind == "context_overflow" else fault.retry_after_s,
        status=fault.status,
        provider=provider,
    )


def _ended(text: str) -> str:
    """A server's words as a sentence: more may follow them."""
    return text if text.endswith((".", "!", "?", ":", "…", ".)", '."')) else f"{text}."


def from_transport(failure: TransportFailure, *, provider: str, model: str, remedies: Remedies) -> ProviderError:
    """The error for a failure below HTTP."""
    kinds: dict[str, ErrorKind] = {
        "refused": "refused",
        "timeout": "timeout",
        "dropped": "truncated",
        "invalid_url": "refused",
        "flood": "bad_response",
    }
    kind = kinds[failure.kind]
    return ProviderError(
        kind,
        f"{provider}: {failure.message}",
        remedies.text(kind, model),
        retryable=failure.kind in ("refused", "timeout", "dropped"),
        provider=provider,
    )


def truncated(provider: str, model: str, remedies: Remedies, *, download: bool = False) -> ProviderError:
    """The error for a stream that ended without its end mark: a model's answer, or the download of a model."""
    what = "the download before it was complete" if download else "the answer before it was complete; unfinished tool calls were not run"
    return ProviderError(
        "truncated",
        f"{provider} ended {what}.",
        remedies.text("truncated", model),
        provider=provider,
    )


_PHRASES: dict[ErrorKind, str] = {
    "auth": "refused the key",
    "unknown_model": "does not have the model",
    "context_overflow": "cannot take a conversation of this length",
    "refused": "refused the connection",
    "rate_limited": "asks to slow down",
    "overloaded": "has a problem of its own",
    "truncated": "broke off",
    "bad_response": "gave an answer that cannot be used",
    "timeout": "took too long",
    "quota": "reports a used-up quota",
    "unsupported": "does not accept the request",
}


def _kind(fault: ServerFault) -> tuple[ErrorKind, bool]:
    status, words = fault.status, fault.words
    if status == 413 or (status in (0, 400, 422, 500) and _OVERFLOW.search(words)) or (status == 429 and _ABOVE_LIMIT.search(words)):
        return "context_overflow", False
    if status == 402 or (status in (0, 400, 403, 429) and _QUOTA.search(words)):
        return "quota", False
    if status in (401, 403) or (status in (0, 400) and _AUTH.search(words)):
        return "auth", False
    if status == 429 or (status == 0 and _RATE.search(words)):
        return "rate_limited", True
    if status in (0, 400, 404) and _NO_MODEL.search(words):
        return "unknown_model", False
    if status in (408, 504):
        return "timeout", True
    if status == 409:
        return "overloaded", True
    if _UNSUPPORTED.search(words) and status != 503:
        return "unsupported", False
    if status >= 500 or (status == 0 and _BUSY.search(words)):
        return "overloaded", True
    if status == 0:  # within an answer: whoever words an error there is a server of this kind
        return ("overloaded" if fault.message else "bad_response"), True
    return ("bad_response", False) if status < 400 else ("unsupported", False)


def describe(detail: Any) -> tuple[str, str, str]:
    """Message, machine-readable words and the parameter at fault, of an error of any shape."""
    if isinstance(detail, str):
        inner = wire_json.load_object(detail) if detail.lstrip().startswith("{") else None
        if inner is None:
            return detail, "", ""
        detail = _error_of(inner)
        if isinstance(detail, str):
            return detail, "", ""
    fields = wire_json.as_dict(detail)
    message = wire_json.as_str(fields.get("message")) or wire_json.as_str(fields.get("detail"))
    words = [str(fields[name]) for name in ("type", "code", "status") if isinstance(fields.get(name), (str, int))]
    for entry in wire_json.as_list(fields.get("details"))[:10]:
        words.append(wire_json.as_str(wire_json.as_dict(entry).get("reason")))
    return message or " ".join(words), " ".join(words), wire_json.as_str(fields.get("param"))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the headers ask to wait, or None."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _retry_info(detail: Any) -> float | None:
    for entry in wire_json.as_list(wire_json.as_dict(detail).get("details"))[:10]:
        delay = wire_json.as_str(wire_json.as_dict(entry).get("retryDelay"))
        if delay.endswith("s"):
            return _number(delay[:-1])
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e7 else None


def _error_of(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else {}
    fields = wire_json.as_dict(value)
    for name in ("error", "detail", "message"):
        if fields.get(name):
            return fields if name == "message" else fields[name]
    return fields or (value if isinstance(value, str) else {})


def _plain(body: bytes) -> str:
    text = body[:20_000].decode("utf-8", "replace")
    title = re.search(r"(?is)<title[^>]*>(.{1,300}?)</title>", text)
    if title:
        text = title.group(1)
    text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]{0,500}>", " ", text)
    # Cut for people only when keys are out: the beginning of one is not known for what it is.
    return " ".join(html.unescape(text).split())[:MAX_PLAIN]
