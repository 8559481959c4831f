"""The last exchanges with language models, for people who want to see exactly what was sent and answered.

Kept in memory and bounded by bytes, since one exchange may be half a megabyte; what an agent did is in its journal. Owned by `kernel.llm`.
"""

from collections import Counter, deque

from kernel.protocol.records import LlmExchange

KEEP_BYTES = 32 * 1024 * 1024
OVERHEAD_BYTES = 2_000  # of a record without its bodies


class ExchangeMemory:
    """Remembers the newest exchanges. keep_bytes: how much text they may hold together; the newest one is always there."""

    def __init__(self, keep_bytes: int = KEEP_BYTES) -> None:
        self._keep_bytes = keep_bytes
        self._kept: deque[tuple[LlmExchange, int]] = deque()
        self._bytes = 0
        self._forgotten: Counter[int] = Counter()

    def add(self, exchange: LlmExchange) -> None:
        """Remember one; the oldest give way."""
        size = OVERHEAD_BYTES + len(exchange.request_body) + len(exchange.response_body) + len(exchange.error)
        self._kept.append((exchange, size))
        self._bytes += size
        while self._bytes > self._keep_bytes and len(self._kept) > 1:
            oldest, freed = self._kept.popleft()
            self._bytes -= freed
            self._forgotten[oldest.pid] += 1

    def of(self, pid: int) -> tuple[tuple[LlmExchange, ...], int]:
        """(exchanges of an agent or, for 0, of all, oldest first; how many older ones were forgotten)."""
        found = tuple(exchange for exchange, _ in self._kept if pid in (0, exchange.pid))
        return found, self._forgotten.total() if pid == 0 else self._forgotten[pid]
