"""What an agent does, as events: each is in the journal before anybody sees it, and history is made of the same events."""

from typing import Any, Literal

from kernel.protocol.base import JournalEvent
from kernel.protocol.ids import AgentPhase, MessageMode

NoticeKind = Literal["compaction", "retry", "budget", "loop", "error", "interrupted", "limit", "info"]


class AgentPhaseChanged(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.phaseChange"):
    """The agent entered a phase."""

    phase: AgentPhase


class AgentStepStarted(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.stepStarted"):
    """A think-act-observe turn begins."""

    max_steps: int


class AgentPlanCreated(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.planCreated"):
    """What the agent means to do, before it does it."""

    steps: tuple[str, ...]


class AgentThinkingChunk(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.thinkingChunk"):
    """More text of the step's thought. kind: `reasoning` is the model's own thinking, `text` what it says.

    Replaced in the journal by the step's `agent.thought`; found in a history only where a run was cut off.
    """

    kind: Literal["reasoning", "text"]
    content: str


class AgentThought(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.thought"):
    """What the agent thought in a step; `reasoning` where the model shows it."""

    thought: str
    reasoning: str = ""
    duration_s: float = 0.0


class AgentAction(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.action"):
    """The agent asks for a tool. title: one line for people, such as the command or the path."""

    call_id: str
    tool: str
    args: dict[str, Any]
    title: str = ""


class AgentToolStarted(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.toolStarted"):
    """The tool began to run (after any approval); a call with this and without a result has an unknown outcome."""

    call_id: str
    tool: str


class AgentObservation(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.observation"):
    """What came of a tool call. result: at most 500 characters; the transcript keeps more."""

    call_id: str
    tool: str
    result: str
    ok: bool = True
    exit_code: int | None = None
    duration_s: float = 0.0
    details: dict[str, str] = {}


class AgentFileCreated(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.file_created"):
    """The agent wrote a file. content: the beginning of it, at most 10,000 characters."""

    path: str
    content: str
    created: bool = True
    added_lines: int = 0
    removed_lines: int = 0


class AgentBrowsing(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.browsing"):
    """The agent read a page."""

    url: str
    summary: str = ""


class AgentUserMessage(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.userMessage"):
    """A person told the agent something; a second event with the same `message_id` says that its model was given it."""

    message_id: str
    text: str
    mode: MessageMode
    from_uid: str = ""
    delivered: bool = False


class AgentPaused(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.paused"):
    """The agent and all it runs stand still."""

    reason: str = ""


class AgentResumed(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.resumed"):
    """The agent goes on at the step at which it stood."""


class AgentNotice(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.notice"):
    """Something that people should know: a retry, a compaction, a limit, an error and its remedy."""

    kind: NoticeKind
    message: str
    hint: str = ""


class AgentCompleted(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="agent.completed"):
    """The agent's answer: the goal is done, or the step limit ended it."""

    summary: str
