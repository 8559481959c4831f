"""Messages of other agents that an agent has not read when it wants to end. Called by the loop."""

from kernel.agents import prompt
from kernel.agents.agent import Agent
from kernel.protocol.agent import AgentNotice
from kernel.protocol.records import IPCMessage
from kernel.providers.base import ChatMessage


def untold(agent: Agent) -> tuple[IPCMessage, ...]:
    """The messages of other agents that it has not read, where it was not told of the last of them and can read them."""
    unread = agent.peers.waiting(agent.pid)
    if not unread or unread[-1].id == agent.mail_told_of or "check_messages" not in agent.tools.names:
        return ()
    return unread


async def tell_of_mail(agent: Agent) -> bool:
    """Whether messages of other agents came that it has not read and was not told of: then it takes one more turn.

    Where it says no, nothing has happened since its last look.
    """
    await agent.peers.settled(agent.pid)
    unread = untold(agent)
    if not unread:
        return False
    agent.mail_told_of = unread[-1].id
    count = f"{len(unread)} unread message{'s' if len(unread) > 1 else ''}"
    notice = AgentNotice(pid=agent.pid, step=agent.run.step, kind="info", message=f"It goes on, since it has {count} of other agents.")
    await agent.record(notice, also=agent.transcript.add(ChatMessage(role="user", text=prompt.UNREAD.format(count=count))))
    return True
