"""Confinement of agents: bubblewrap, plain host processes, and the manager that chooses and owns them.

`backend` is the contract; `manager` is what the kernel holds. `supervisor.py` and `launcher.py` are programs of their own
that run outside of Aether's process and import nothing of it.
"""
