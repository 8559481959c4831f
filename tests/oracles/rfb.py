"""``python -m tests.oracles.rfb``: replay the vectors of another client's authors, then fuzz ours; ``--fuzz N --seed N`` for more.

The vectors lie beside the project (``../shared/oracles/vnc``) and are not part of it. The fuzz changes bytes of streams that are right,
and feeds each whole, in pieces and byte by byte: the same state and nothing but `RfbError` may come of it. The words of a server stand
here for the unit tests as well. Exits 1 when a vector differs or the fuzz finds something.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

from kernel.rfb.client import RfbClient
from kernel.rfb.errors import RfbError
from kernel.rfb.limits import Limits

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "vnc"
MISSING = "the vectors (../shared/oracles/vnc) are not there"

VERSION = b"RFB 003.008\n"
NONE_OFFERED = b"\x01\x01"
ACCEPTED = b"\0\0\0\0"
BELL = b"\x02"
RAW, COPY_RECT, CURSOR, DESKTOP_SIZE, LAST_RECT, EXTENDED_DESKTOP_SIZE = 0, 1, -239, -223, -224, -308
LAST = struct.pack(">HHHHi", 0, 0, 0, 0, LAST_RECT)

#: Small, so that what is too much is reached often.
FUZZ_LIMITS = Limits(max_side=64, max_pixels=1024, max_cursor_side=16, max_text_bytes=64, max_cut_text_bytes=256, work_a_feed=5000)


def screen(width: int, height: int, name: bytes = b"desk") -> bytes:
    """ServerInit. Its pixel format is nobody's: the client has to ask for its own."""
    return struct.pack(">HH16sI", width, height, b"\x11" * 16, len(name)) + name


def hello(width: int, height: int) -> bytes:
    """All that a server of version 3.8 says before its first update."""
    return VERSION + NONE_OFFERED + ACCEPTED + screen(width, height)


def rect(x: int, y: int, width: int, height: int, encoding: int, content: bytes = b"") -> bytes:
    """A rectangle of an update."""
    return struct.pack(">HHHHi", x, y, width, height, encoding) + content


def update(*rects: bytes, count: int | None = None) -> bytes:
    """FramebufferUpdate. count: what it claims."""
    return struct.pack(">BxH", 0, len(rects) if count is None else count) + b"".join(rects)


def extended_size(width: int, height: int, screens: int = 1, reason: int = 0) -> bytes:
    """A rectangle that tells the screen's size."""
    return rect(reason, 0, width, height, EXTENDED_DESKTOP_SIZE, bytes([screens, 0, 0, 0]) + b"\x22" * 16 * screens)


def cut_text(text: bytes) -> bytes:
    """ServerCutText."""
    return struct.pack(">B3xI", 3, len(text)) + text


def feed_all(client: RfbClient, data: bytes | memoryview) -> None:
    """Feed, and let it do what it leaves for later."""
    client.feed(data)
    while client.backlog:
        client.feed(b"")


def cases(encoding: str) -> list[dict[str, Any]]:
    """The vectors of one encoding with 24 bits a pixel, the only depth that we ask for."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{encoding}.json").read_text("utf-8"))
    return [case for case in found if all(step[0] != "rect" or step[-1] == 24 for step in case["ops"])]


def vector_difference(case: dict[str, Any], encoding: int) -> str:
    """Replay a vector; what differs from its target, or nothing. Its bytes are red, green, blue; no decoder of ours looks at them."""
    client = RfbClient()
    for kind, *step in case["ops"]:
        if kind == "resize":
            feed_all(client, hello(*step))
        elif kind == "fill":
            x, y, width, height, colour = step
            feed_all(client, update(rect(x, y, width, height, RAW, bytes([*colour, 0]) * (width * height))))
        else:
            x, y, width, height, content, _ = step
            feed_all(client, update(rect(x, y, width, height, encoding, bytes(content))))
    picture = client.framebuffer
    if picture is None or client.backlog:
        return "no picture"
    for index in range(0, len(case["target"]), 4):
        got, wanted = list(picture.data[index : index + 3]), case["target"][index : index + 3]
        if got != wanted:
            return f"pixel {index // 4}: {got}, wanted {wanted}"
    return ""


def stream(generator: random.Random) -> bytes:
    """What a server that is right might say, on a screen of at most 30 by 30."""
    width, height = generator.randint(1, 30), generator.randint(1, 30)
    parts = [hello(width, height)]
    for _ in range(generator.randint(1, 8)):
        kind = generator.random()
        if kind < 0.1:
            parts.append(BELL if kind < 0.05 else cut_text(generator.randbytes(generator.randint(0, 60))))
            continue
        rects = []
        for _ in range(generator.randint(0, 5)):
            made, (width, height) = _rectangle(generator, width, height)
            rects.append(made)
        parts.append(update(*rects, LAST, count=65535) if generator.random() < 0.3 else update(*rects))
    return b"".join(parts)


def _rectangle(generator: random.Random, width: int, height: int) -> tuple[bytes, tuple[int, int]]:
    """A rectangle, and the screen's size after it."""
    kind = generator.random()
    across, down = generator.randint(0, width), generator.randint(0, height)
    x, y = generator.randint(0, width - across), generator.randint(0, height - down)
    if kind < 0.4:
        return rect(x, y, across, down, RAW, generator.randbytes(across * down * 4)), (width, height)
    if kind < 0.7:
        origin = struct.pack(">HH", generator.randint(0, width - across), generator.randint(0, height - down))
        return rect(x, y, across, down, COPY_RECT, origin), (width, height)
    if kind < 0.8:
        side, other = generator.randint(0, 16), generator.randint(0, 16)
        shape = generator.randbytes(side * other * 4 + (side + 7) // 8 * other)
        return rect(generator.randint(0, 20), 1, side, other, CURSOR, shape), (width, height)
    size = generator.randint(1, 30), generator.randint(1, 30)
    if kind < 0.9:
        return rect(0, 0, *size, DESKTOP_SIZE), size
    return extended_size(*size, screens=generator.randint(0, 3)), size


def mutated(generator: random.Random, data: bytes) -> bytes:
    """`data` with some bytes changed, left out or put in."""
    changed = bytearray(data)
    for _ in range(generator.choice([0, 1, 1, 2, 4, 12])):
        at = generator.randrange(len(changed))
        kind = generator.random()
        if kind < 0.7:
            changed[at] = generator.choice([0, 1, 2, 127, 128, 255, generator.randrange(256)])
        elif kind < 0.8:
            del changed[at : at + generator.randint(1, 8)]
        elif kind < 0.9:
            changed[at:at] = generator.randbytes(generator.randint(1, 8))
        else:
            changed[at : at + 4] = generator.choice([b"\xff\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        if not changed:
            break
    return bytes(changed)


def outcome(pieces: Iterable[bytes], limits: Limits = FUZZ_LIMITS) -> Hashable:
    """All that there is to see of a client after these pieces."""
    client = RfbClient(limits)
    failure = ""
    try:
        for piece in pieces:
            feed_all(client, piece)
    except RfbError as error:
        failure = error.message
    picture = client.framebuffer
    shown = None if picture is None else (picture.width, picture.height, bytes(picture.data))
    damage = client.take_damage()
    if picture is not None:
        assert all(part.x + part.width <= picture.width and part.y + part.height <= picture.height for part in damage)
    return failure, shown, client.cursor, client.updates, damage, client.take_output()


def fuzz(runs: int, *, seed: int = 1) -> str:
    """What the fuzz found first, with the bytes that show it, or nothing."""
    for run in range(runs):
        generator = random.Random(seed * 1_000_003 + run)
        data = mutated(generator, stream(generator))
        cuts = sorted(generator.randrange(len(data) + 1) for _ in range(5))
        cut = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        try:
            whole = outcome([data])
            if outcome(cut) != whole:
                return f"seed {seed}, run {run}: in pieces it is another state: {data.hex()}"
            if outcome(data[index : index + 1] for index in range(len(data))) != whole:
                return f"seed {seed}, run {run}: byte by byte it is another state: {data.hex()}"
        except Exception as error:  # edge: the fuzz reports whatever escapes
            return f"seed {seed}, run {run}: {error!r}: {data.hex()}"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """Run and print; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", type=int, default=3000, help="how many streams to change and feed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    failed = False
    if FOLDER.is_dir():
        for name, encoding in (("raw", RAW), ("copyrect", COPY_RECT)):
            wrong = {case["name"]: found for case in cases(name) if (found := vector_difference(case, encoding))}
            print(f"{name}: {len(cases(name)) - len(wrong)} of {len(cases(name))}")
            for case, found in wrong.items():
                print(f"  {case}: {found}")
            failed |= bool(wrong)
    else:
        print(MISSING)
    found = fuzz(options.fuzz, seed=options.seed)
    print(f"fuzz of {options.fuzz}: {found or 'same state whole, in pieces and byte by byte, no exception'}")
    return int(failed or bool(found))


if __name__ == "__main__":
    sys.exit(main())
