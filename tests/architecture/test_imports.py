"""Imports run one way; the kernel knows no screen; nothing heavy is imported at the start."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("httpx", "docker", "pynvml", "qtawesome", "pygments", "numpy", "psutil", "keyring", "selectolax", "asyncio.windows_events")


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_kernel_starts_without_heavy_imports() -> None:
    loaded = _loaded_by("import kernel.bootstrap")
    assert not [name for name in HEAVY if name in loaded]
    assert not [name for name in loaded if name.startswith(("PySide6", "qasync"))]


def test_the_command_line_reads_its_arguments_without_the_kernel() -> None:
    loaded = _loaded_by("import kernel.cli.main")
    assert "kernel.bootstrap" not in loaded
    assert "asyncio" not in loaded


def test_the_desktop_starts_without_heavy_imports() -> None:
    loaded = _loaded_by("import aether_desktop.bootstrap")
    assert not [name for name in ("httpx", "docker", "pynvml", "qtawesome", "pygments", "psutil") if name in loaded]
