"""Moves a terminal's output into a pipe until nobody reads that or the terminal ends. A program of its own, started by `relay`.

Descriptor 0 is the terminal's master, 1 the pipe, 3 says when to begin: there is nothing in between, and what is moved is at any
moment in one or the other. It imports nothing of ours.
"""

import os
import select

MASTER, PIPE, BEGIN = 0, 1, 3
PIECE_BYTES = 64 << 10
READY = b"r"


def main() -> None:
    """Tell that it is up, wait for leave, and move."""
    os.write(PIPE, READY)
    if not os.read(BEGIN, 1):
        return
    poller = select.poll()
    poller.register(MASTER, select.POLLIN)
    poller.register(PIPE, 0)
    while True:
        try:
            if not os.splice(MASTER, PIPE, PIECE_BYTES):
                return
        except BlockingIOError:
            if any(descriptor == PIPE for descriptor, _ in poller.poll()):
                return
        except OSError:  # the terminal has ended, nobody reads, or the system cannot move what a terminal holds
            return


if __name__ == "__main__":
    main()
