"""What a server can do wrong, as the one error that the client of the protocol raises."""

from kernel.errors import UnavailableError


class RfbError(UnavailableError):
    """The server refused, or said what the protocol does not allow or our limits do not. The connection is of no use any more."""


def violation(what: str) -> RfbError:
    """The error for a server that does not keep to the protocol. what: a clause of ours, nothing that the server said."""
    return RfbError(f"The desktop's server does not keep to its protocol: {what}.")
