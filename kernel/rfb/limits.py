"""How much a server may ask of its client. Whatever is more is refused before anything is reserved for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a server sends.

    max_side, max_pixels: of the screen. max_sizes_an_update: how often one update may change its size. max_cursor_side: of the pointer's
    shape, in pixels. max_text_bytes: of the desktop's name and of a reason. max_cut_text_bytes: of a text that was cut there, which is
    dropped. work_a_feed: how much of what it was given one `feed` looks at, in pixels written; the rest waits for the next.
    """

    max_side: int = 16384
    max_pixels: int = 2560 * 1600
    max_sizes_an_update: int = 2
    max_cursor_side: int = 256
    max_text_bytes: int = 4096
    max_cut_text_bytes: int = 1 << 20
    work_a_feed: int = 1 << 20


STANDARD = Limits()
