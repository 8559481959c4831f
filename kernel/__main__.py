"""`python -m kernel`: the headless kernel; with words behind it, the same subcommands as `aether`. Owns nothing."""

import sys

from kernel.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["serve"]))
