"""`python -m tests.contract.protocol.update`: write the golden files anew. Look at the difference before you commit it."""

from kernel.protocol.base import tag_of
from kernel.protocol.unions import COMMANDS, EVENTS
from tests.contract.protocol.shapes import GOLDEN, command_shape, event_shape, golden_file, text


def main() -> None:
    """One file for each message; files of messages that are gone are removed."""
    GOLDEN.mkdir(exist_ok=True)
    wanted = {golden_file("command", tag_of(kind)): text(command_shape(kind)) for kind in COMMANDS}
    wanted |= {golden_file("event", tag_of(kind)): text(event_shape(kind)) for kind in EVENTS}
    for stale in set(GOLDEN.glob("*.json")) - set(wanted):
        stale.unlink()
    for path, body in wanted.items():
        path.write_text(body)
    print(f"{len(wanted)} golden files")


if __name__ == "__main__":
    main()
