"""The readable list of every command and event.

Adding a message means a class in its domain's file and a line here; codec, router table, golden files and reducers' coverage
are derived from these two lists.
"""

import functools
import operator
from typing import Any

from kernel.protocol import agent, fs, process, system, tty
from kernel.protocol.base import Command, Event, JournalEvent, tag_of

COMMANDS: tuple[type[Command[Any]], ...] = (
    process.ProcessSpawn,
    process.ProcessSignal,
    process.ProcessList,
    process.ProcessInfoGet,
    process.ProcessApprove,
    process.ProcessReject,
    process.ProcessSend,
    process.ProcessResume,
    fs.FsRead,
    fs.FsWrite,
    fs.FsMkdir,
    fs.FsRm,
    fs.FsLs,
    fs.FsStat,
    fs.FsMv,
    fs.FsCp,
    fs.FsWatch,
    fs.FsUnwatch,
    fs.FsCreateShared,
    fs.FsMountShared,
    fs.FsUnmountShared,
    fs.FsListShared,
    tty.TtyOpen,
    tty.TtyInput,
    tty.TtyResize,
    tty.TtyClose,
    tty.TtyList,
    tty.TtyForeground,
    system.KernelStatus,
    system.KernelShutdown,
    system.DesktopRaise,
    system.HistoryProcesses,
    system.HistoryLogs,
    system.HistoryFiles,
    system.HistoryMetrics,
    system.LlmList,
    system.LlmChoose,
    system.LlmPull,
    system.LlmPullCancel,
    system.LlmExchanges,
    system.SettingsGet,
    system.SettingsSet,
    system.IpcSend,
    system.IpcListAgents,
)

EVENTS: tuple[type[Event], ...] = (
    process.ProcessListed,
    process.ProcessSpawned,
    process.ProcessUpdated,
    process.ProcessStateChanged,
    process.ProcessExited,
    process.ProcessReaped,
    process.ProcessUsage,
    process.ProcessProgressed,
    process.ApprovalRequired,
    process.ApprovalAnswered,
    agent.AgentPhaseChanged,
    agent.AgentStepStarted,
    agent.AgentPlanCreated,
    agent.AgentThinkingChunk,
    agent.AgentThought,
    agent.AgentAction,
    agent.AgentToolStarted,
    agent.AgentObservation,
    agent.AgentFileCreated,
    agent.AgentBrowsing,
    agent.AgentUserMessage,
    agent.AgentPaused,
    agent.AgentResumed,
    agent.AgentNotice,
    agent.AgentCompleted,
    fs.FsChanged,
    fs.FsSharedCreated,
    fs.FsSharedMounted,
    fs.FsSharedUnmounted,
    tty.TtyOpened,
    tty.TtyClosed,
    system.DesktopRaiseRequested,
    system.KernelReady,
    system.KernelShutdownRequested,
    system.KernelMetrics,
    system.ResponseOk,
    system.ResponseError,
    system.LlmExchanged,
    system.LlmPullProgress,
    system.LlmChanged,
    system.SettingsChanged,
    system.IpcMessageSent,
    system.IpcDelivered,
)

AnyCommand: Any = functools.reduce(operator.or_, COMMANDS)
AnyEvent: Any = functools.reduce(operator.or_, EVENTS)
COMMAND_TYPES: dict[str, type[Command[Any]]] = {tag_of(kind): kind for kind in COMMANDS}
EVENT_TYPES: dict[str, type[Event]] = {tag_of(kind): kind for kind in EVENTS}
JOURNAL_TYPES: dict[str, type[JournalEvent]] = {
    tag: kind for tag, kind in EVENT_TYPES.items() if issubclass(kind, JournalEvent)
}
