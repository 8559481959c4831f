"""Live terminals: host shells and terminals that a sandbox handed over.

`backend` is the contract, `manager` is what the kernel holds; the screen that shows a terminal lives in `kernel.term` and in
the desktop.
"""
