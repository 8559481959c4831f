"""Ways into a kernel from outside of its process: `control` the machine's own socket for the command line and a second start."""
