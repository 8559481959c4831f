"""``python -m tests.visual [--update] [name ...]``: compare scenes with their pictures, or store them anew."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.visual.check import check, store
from tests.visual.render import offscreen_application
from tests.visual.report import write_report
from tests.visual.scene import all_scenes


def main(arguments: list[str]) -> int:
    """Return 0 if every scene looks as stored (or was stored), 1 if one differs, 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m tests.visual")
    parser.add_argument("--update", action="store_true", help="store the pictures of scenes that differ")
    parser.add_argument("names", nargs="*", help="scenes whose name contains one of these (all if none)")
    options = parser.parse_args(arguments)
    application = offscreen_application()
    scenes = [scene for scene in all_scenes() if not options.names or any(n in scene.name for n in options.names)]
    if not scenes:
        print("No scene has such a name.")
        return 2
    with tempfile.TemporaryDirectory() as home:
        if options.update:
            for scene in scenes:
                if store(scene, application, Path(home)):
                    print(f"stored {scene.name}")
            return 0
        findings = [found for scene in scenes if (found := check(scene, application, Path(home))) is not None]
    if not findings:
        print(f"{len(scenes)} scenes look as stored.")
        return 0
    print(f"{len(findings)} of {len(scenes)} scenes differ: {write_report(findings)}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
