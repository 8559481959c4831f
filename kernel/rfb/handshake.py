"""The first part of a connection: versions, security, the screen's size (RFC 6143, 7.1 to 7.3). Used by `RfbClient`.

The only security type is None: who may connect is for the socket's folder to say.
"""

from collections.abc import Callable

from kernel.rfb.errors import RfbError, violation
from kernel.rfb.limits import Limits
from kernel.rfb.reading import Reading, exactly, number, readable, skip

Send = Callable[[bytes], None]

VERSION_BYTES = 12
SECURITY_NONE = 1
SHARED = b"\x01"
PIXEL_FORMAT_BYTES = 16


def greet(send: Send, limits: Limits) -> Reading[tuple[int, int]]:
    """Everything up to the server's first words about its screen: width and height as it claims them, unchecked. Raises RfbError."""
    minor = _minor((yield from exactly(VERSION_BYTES)))
    send(b"RFB 003.%03d\n" % minor)
    if minor == 3:
        yield from _told_security(limits)
    else:
        yield from _offered_security(send, limits)
    if minor == 8 and (yield from number(4)):
        raise (yield from _refusal(limits))
    send(SHARED)
    width = yield from number(2)
    height = yield from number(2)
    yield from skip(PIXEL_FORMAT_BYTES)
    size = yield from number(4)
    if size > limits.max_text_bytes:
        raise violation("its name is too long")
    yield from skip(size)
    return width, height


def _minor(version: memoryview) -> int:
    """Which of 3.3, 3.7 and 3.8 to speak with a server of this version."""
    text = bytes(version)
    digits = text[8:11]
    if text[:8] != b"RFB 003." or text[11:] != b"\n" or not all(48 <= digit <= 57 for digit in digits):
        raise RfbError("What answers there is no desktop's server of version 3.")
    found = int(digits)
    return 8 if found >= 8 else 7 if found == 7 else 3


def _told_security(limits: Limits) -> Reading[None]:
    """Version 3.3: the server says which type it is."""
    kind = yield from number(4)
    if not kind:
        raise (yield from _refusal(limits))
    if kind != SECURITY_NONE:
        raise _unknown([kind])


def _offered_security(send: Send, limits: Limits) -> Reading[None]:
    """Versions 3.7 and 3.8: the client takes one of a list."""
    count = yield from number(1)
    if not count:
        raise (yield from _refusal(limits))
    kinds = list((yield from exactly(count)))
    if SECURITY_NONE not in kinds:
        raise _unknown(kinds)
    send(bytes([SECURITY_NONE]))


def _unknown(kinds: list[int]) -> RfbError:
    named = ", ".join(map(str, kinds[:8]))
    return RfbError(f"The desktop's server asks for a password or more, which Aether does not do (security types {named}).")


def _refusal(limits: Limits) -> Reading[RfbError]:
    """Why the server refuses, in its own words."""
    size = yield from number(4)
    if size > limits.max_text_bytes:
        return violation("it refuses with too long a reason")
    reason = readable((yield from exactly(size)))
    return RfbError(f"The desktop's server refuses the connection: {reason or 'it gives no reason'}")
