"""Who asks: the one value that authorisation and event filtering are decided on.

Made at the edges (window, command line, gateway), read by the router and the bus. Holds no secret.
"""

from dataclasses import dataclass

from kernel.protocol.ids import UserRole


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or program that sends commands.

    uid: the user's name. role: `admin` may do everything, `user` only what concerns its own processes.
    """

    uid: str
    role: UserRole = "user"

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return self.role == "admin"

    def may_see(self, owner_uid: str) -> bool:
        """Whether this principal may see and steer what belongs to `owner_uid`."""
        return self.is_admin or self.uid == owner_uid


LOCAL_USER = Principal(uid="local", role="admin")
"""The person at the machine of a single-user desktop."""
