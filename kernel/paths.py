"""Where Aether keeps what it owns.

One frozen record derived from the root folder. Called by bootstrap and the command line; creates the folders on request,
never reads a file. The root is AETHER_FS_ROOT, else the platform's user-data folder; root's own is under /var/lib, since an
agent's unprivileged user cannot pass through a home that only root may enter.
"""

import errno
import os
import shlex
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import DiskFullError, StorageError


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders and files below `root`."""

    root: Path

    @property
    def homes(self) -> Path:
        """The agents' homes."""
        return self.root / "home"

    @property
    def shared(self) -> Path:
        """The shared workspaces."""
        return self.root / "shared"

    @property
    def tmp(self) -> Path:
        """The agents' private /tmp folders."""
        return self.root / "tmp"

    @property
    def state(self) -> Path:
        """What only the kernel reads: database, configuration, layout. No agent ever sees it."""
        return self.root / "var" / "kernel"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.state / "aether.db"

    @property
    def config_file(self) -> Path:
        """The person's settings."""
        return self.state / "agent-config.json"

    @property
    def log_file(self) -> Path:
        """The current log."""
        return self.state / "aether.log"

    @property
    def layout_file(self) -> Path:
        """The desktop's remembered windows."""
        return self.state / "layout.json"

    @property
    def secret_file(self) -> Path:
        """The instance's secret where none is set."""
        return self.state / "secret"

    @property
    def unfinished(self) -> Path:
        """Notes of what is being written into others' folders and is not whole yet."""
        return self.state / "unfinished"

    @property
    def terminals(self) -> Path:
        """The records of the agents' terminals."""
        return self.state / "terminals"

    @property
    def runtime(self) -> Path:
        """The single-instance lock and socket."""
        return self.state / "run"

    def create(self) -> None:
        """Make the folders; nobody but their owner enters the agents' files and `state`.

        Agents run as other users where Aether is root; they see their folders through mounts of their own, never by these paths. Raises
        StorageError when the disk refuses, and where a folder of that name is there that is open to others and none of Aether's: a root
        like / has a /home and a /tmp of which everybody would be shut out.
        """
        try:
            known = self.state.is_dir()
            private = (self.homes, self.shared, self.tmp, self.state, self.unfinished, self.runtime)
            for folder in private:
                _require_own(folder, known=known)
            for folder in (self.root, self.root / "etc", self.root / "var"):
                folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            for folder in private:
                folder.mkdir(mode=0o700, exist_ok=True)
                if not folder.is_symlink():
                    folder.chmod(0o700)
            hostname = self.root / "etc" / "hostname"
            if not hostname.exists():
                hostname.write_text("aether\n")
        except OSError as error:
            kind = DiskFullError if error.errno == errno.ENOSPC else StorageError
            raise kind(
                f"Aether cannot write to its folder {self.root}: {error.strerror or error}.",
                "Free some space, mend its permissions, or set AETHER_FS_ROOT to a folder that you may write to.",
            ) from error


def _require_own(folder: Path, *, known: bool) -> None:
    """Whether a folder is missing, or one that only its owner enters or may be closed. known: Aether was here before.

    Raises OSError, StorageError.
    """
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return
    if mode & 0o077 and stat.S_ISDIR(mode) and (folder.is_symlink() or not known):
        raise StorageError(
            f"{folder} is there already and open to others, but Aether keeps there what only agents and you may see.",
            f"Set AETHER_FS_ROOT to an empty folder, or close this one yourself: chmod 700 {shlex.quote(str(folder.resolve()))}",
        )


def default_root(environ: dict[str, str]) -> Path:
    """AETHER_FS_ROOT, else the platform's user-data folder, else (for root on Linux) /var/lib/aether."""
    chosen = environ.get("AETHER_FS_ROOT", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        return Path("/var/lib/aether")
    import platformdirs

    return Path(platformdirs.user_data_dir("aether", appauthor=False))
