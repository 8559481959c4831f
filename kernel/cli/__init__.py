"""The command line: `main` reads the arguments, one file per subcommand does the work, `connection` finds the kernel.

Imports no Qt; the desktop is started by replacing the process.
"""
