"""Language models as the rest of Aether sees them: found at start, listed live, chosen, pulled, and every call visible.

Answers the llm.* commands; resolves an agent's model. The formats and servers are `kernel.providers`.
"""

import asyncio
from collections import deque

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.log import get_logger
from kernel.protocol.records import LlmExchange
from kernel.providers.registry import ProviderRegistry
from kernel.providers.scripted import ScriptedProvider
from kernel.settings import Settings
from kernel.tasks import Scope

RECOMMENDED = "gemma4:e2b"
KEEP_EXCHANGES = 100
SCRIPTED_PREFIX = "scripted:"

_log = get_logger(__name__)


class LanguageModels:
    """The provider registry with the settings, the events and the commands around it."""

    def __init__(self, settings: Settings, bus: EventBus, clock: Clock, scope: Scope) -> None:
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._scope = scope
        self._exchanges: deque[LlmExchange] = deque(maxlen=KEEP_EXCHANGES)
        self._registry = ProviderRegistry(providers_config(settings.current()), clock, self._on_exchange)
        self._discovery: asyncio.Task[None] | None = None
        self._scripts: dict[str, ScriptedProvider] = {}
        self._pulls: dict[str, asyncio.Task[None]] = {}
