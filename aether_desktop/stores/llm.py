"""The language models that answer, the remembered choice, and models that are being fetched.

Read by the deploy dialog, the first-run page and the settings; changes only through the kernel's events and replies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.reducers import llm as reducer
from aether_desktop.stores.reducers.llm import LlmState, PullState
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.records import ModelInfo, ProviderInfo
from kernel.protocol.system import LlmChanged, LlmChoose, LlmList, LlmPull, LlmPullCancel, LlmPullProgress

LOOK_AGAIN_MS = 3000
"""Between two looks at a list that somebody sees. With 1.5 s for a server that keeps silent, news shows within 5 s."""


class LlmStore(QObject):
    """Holds the one ``LlmState``."""

    changed = Signal()
    """Something of the state changed; at most once for each batch of events."""

    def __init__(self, client: KernelClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._state = LlmState()
        self._tasks = TaskOwner(self, self._on_error)
        self._watchers: dict[int, Callable[[], bool]] = {}
        self._looking = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(lambda: self._look())
        unsubscribe = client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())

    @property
    def state(self) -> LlmState:
        """Everything at once."""
        return self._state

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that can be chosen now."""
        return self._state.models

    @property
    def providers(self) -> tuple[ProviderInfo, ...]:
        """Where models come from, those that do not answer too."""
        return self._state.providers

    @property
    def chosen(self) -> str:
        """The id of the remembered model, "" for none."""
        return self._state.chosen

    @property
    def recommended(self) -> str:
        """The name of the model to fetch where there is none."""
        return self._state.recommended

    def pull_of(self, model: str) -> PullState | None:
        """How far ``model`` is fetched; None if it never was in this session."""
        return self._state.pulls.get(model)

    async def refresh(self, *, search: bool = False) -> None:
        """Ask for the list; ``search`` has the kernel look for servers again. Raises AetherError."""
        self._set(reducer.listed(self._state, await self._client.execute(LlmList(refresh=search))))

    def watch(self, owner: QObject, seen: Callable[[], bool]) -> None:
        """Look for servers now, and keep the list live as long as ``owner`` lives, while ``seen`` says that a person sees it."""
        watcher = id(owner)
        self._watchers[watcher] = seen
        owner.destroyed.connect(lambda: self._watchers.pop(watcher, None))
        self._look(at_once=True)

    async def choose(self, model: str) -> None:
        """Remember a model for new agents. Raises AetherError."""
        await self._client.execute(LlmChoose(model=model))
        self._set(reducer.changed(self._state, LlmChanged(chosen=model)))

    async def pull(self, model: str) -> None:
        """Begin to fetch a model; progress shows in the state. Raises AetherError, then nothing is fetched."""
        self._set(reducer.progressed(self._state, LlmPullProgress(model=model, status="Asking the server")))
        try:
            await self._client.execute(LlmPull(model=model))
        except AetherError:
            self._set(reducer.forgotten(self._state, model))
            raise

    async def cancel_pull(self, model: str) -> None:
        """Stop fetching a model. Raises AetherError."""
        await self._client.execute(LlmPullCancel(model=model))
        self._set(reducer.forgotten(self._state, model))

    def _look(self, *, at_once: bool = False) -> None:
        """Look for servers where somebody sees the list, and again some time after that; by itself only while there are watchers."""
        if self._looking or not self._watchers:
            return
        if not at_once and not any(seen() for seen in self._watchers.values()):
            self._again.start(LOOK_AGAIN_MS)
            return
        self._looking = True
        self._tasks.spawn(self._look_once(), name="llm.look")

    async def _look_once(self) -> None:
        try:
            await self.refresh(search=True)
        finally:
            self._looking = False
            if isValid(self):
                self._again.start(LOOK_AGAIN_MS)

    def _on_events(self, events: Sequence[Event]) -> None:
        state = self._state
        list_again = False
        for event in events:
            if isinstance(event, LlmChanged):
                state = reducer.changed(state, event)
                list_again = True
            elif isinstance(event, LlmPullProgress):
                state = reducer.progressed(state, event)
                list_again = list_again or (event.done and not event.error)
        self._set(state)
        if list_again:
            self._tasks.spawn(self.refresh(), name="llm.list")

    def _set(self, state: LlmState) -> None:
        if state is not self._state:
            self._state = state
            self.changed.emit()

    def _on_error(self, error: BaseException) -> None:
        """The list stays as it was: the kernel's next word brings a new one."""
        if not isinstance(error, AetherError):
            raise error
