"""Identifiers and closed vocabularies of the protocol.

Plain aliases and Literals: what a value may be is checked by the codec at the edge, so the inside never checks again.
"""

from typing import Literal

Pid = int
TtyId = str
CallId = str
ApprovalId = str

KERNEL_PID = 0

ProcessState = Literal["created", "running", "sleeping", "stopped", "zombie", "dead"]
AgentPhase = Literal["idle", "booting", "thinking", "executing", "observing", "waiting", "completed", "failed"]
Signal = Literal["SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGINT", "SIGUSR1", "SIGUSR2"]
AgentRole = Literal["Researcher", "Coder", "Analyst", "Assistant", "DevOps", "Designer", "Tester"]
ROLES: tuple[AgentRole, ...] = ("Researcher", "Coder", "Analyst", "Assistant", "DevOps", "Designer", "Tester")
Confinement = Literal["container", "bubblewrap", "none"]
SandboxType = Literal["process", "container"]  # "container" is in records of earlier runs; process.spawn refuses it
ApprovalMode = Literal["ask", "edits", "yes", "deny"]
ApprovalKind = Literal["command", "file", "network", "message", "budget", "loop"]
ApprovalScope = Literal["once", "always"]
MessageMode = Literal["queue", "steer", "interrupt"]
FileType = Literal["file", "directory", "symlink", "pipe", "device"]
ChangeType = Literal["create", "modify", "delete"]
UserRole = Literal["admin", "user"]
