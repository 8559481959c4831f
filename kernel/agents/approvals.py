"""Waiting for a person: what agents ask, who answered, and what no answer means.

Answers process.approve and process.reject. An agent that waits is asleep in phase waiting; a kill, a rejection, a timeout and an approval
all release it. Owned by the supervisor; one desk for all agents.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.config import Config
from kernel.errors import ConflictError
from kernel.principal import Principal
from kernel.process.manager import ProcessManager
from kernel.protocol.base import Empty
from kernel.protocol.ids import ApprovalScope
from kernel.protocol.process import ApprovalAnswered, ApprovalRequired, ProcessApprove, ProcessReject
from kernel.protocol.records import Approval
from kernel.tools.base import Preview


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person (or the clock) said. by: a uid, "timeout" or "signal"."""

    approved: bool
    scope: ApprovalScope = "once"
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    approval: Approval
    answer: asyncio.Future[Answer]


class ApprovalDesk:
    """What waits, by pid (an agent waits for one thing at a time)."""

    def __init__(self, manager: ProcessManager, clock: Clock, config: Callable[[], Config]) -> None:
        self._manager = manager
        self._clock = clock
        self._config = config
        self._waiting: dict[int, _Waiting] = {}

    async def ask(self, pid: int, call_id: str, tool: str, preview: Preview, action: str) -> Answer:
        """Put the agent to sleep until it is answered; returns the answer, which is in the journal already."""
        timeout_s = self._config().approvals.timeout_s
        now = self._clock.now()
        approval = Approval(
            approval_id=f"apr_{secrets.token_hex(8)}",
            pid=pid,
            call_id=call_id,
            tool=tool,
            kind=preview.kind,
            action=action,
            details=dict(preview.details),
            risk=preview.harm,
            always=preview.always if preview.rule and preview.risk != "high" else "",
            created_at=now,
            expires_at=now + timeout_s if timeout_s else 0.0,
        )
        waiting = _Waiting(approval, asyncio.get_running_loop().create_future())
        self._waiting[pid] = waiting
        step = self._manager.table.get(pid).info.step
        required = ApprovalRequired(pid=pid, step=step, action=action, details=approval.details, approval=approval)
        try:
            await self._manager.set_phase(pid, "waiting", required)
            answer = await self._wait(waiting, timeout_s)
        finally:
            self._waiting.pop(pid, None)
        answered = ApprovalAnswered(
            pid=pid,
            step=step,
            approval_id=approval.approval_id,
            call_id=call_id,
            approved=answer.approved,
            scope=answer.scope,
            reason=answer.reason,
            by=answer.by,
        )
        await self._manager.set_phase(pid, "executing" if answer.approved else "thinking", answered)
        return answer

    async def approve(self, command: ProcessApprove, principal: Principal) -> Empty:
        """process.approve."""
        waiting = self._find(command.pid, command.approval_id)
        if command.scope == "always" and not waiting.approval.always:
            raise ConflictError("This cannot be allowed once for all.", "Approve it once.")
        waiting.answer.set_result(Answer(True, command.scope, by=principal.uid))
        return Empty()

    async def reject(self, command: ProcessReject, principal: Principal) -> Empty:
        """process.reject."""
        waiting = self._find(command.pid, command.approval_id)
        waiting.answer.set_result(Answer(False, reason=command.reason, by=principal.uid))
        return Empty()

    def release(self, pid: int) -> None:
        """Answer no for an agent that is being ended or interrupted."""
        waiting = self._waiting.get(pid)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(Answer(False, reason="The run was interrupted.", by="signal"))

    def pending(self, pid: int | None = None) -> tuple[Approval, ...]:
        """What waits, oldest first."""
        found = [item.approval for key, item in self._waiting.items() if pid in (None, key) and not item.answer.done()]
        return tuple(sorted(found, key=lambda approval: approval.created_at))

    async def _wait(self, waiting: _Waiting, timeout_s: float) -> Answer:
        if not timeout_s:
            return await waiting.answer
        sleeper = asyncio.ensure_future(self._clock.sleep(timeout_s))  # noqa: TID251  # ended below, whatever happens
        try:
            await asyncio.wait((waiting.answer, sleeper), return_when=asyncio.FIRST_COMPLETED)
            if waiting.answer.done():
                return waiting.answer.result()
            return Answer(False, reason=f"Nobody answered within {timeout_s:g} s.", by="timeout")
        finally:
            sleeper.cancel()

    def _find(self, pid: int, approval_id: str) -> _Waiting:
        """What waits by that identity, or at all where it is "". Raises ConflictError."""
        waiting = self._waiting.get(pid)
        open_now = waiting is not None and not waiting.answer.done()
        if waiting is not None and open_now and approval_id in ("", waiting.approval.approval_id):
            return waiting
        if not approval_id:
            raise ConflictError(f"Process {pid} does not wait for an answer.", "It may have been answered elsewhere.")
        if open_now:
            raise ConflictError("That question was answered already; the agent asks another now.", "Look at it again.")
        raise ConflictError("That question was answered already.", "The agent asks nothing now.")
