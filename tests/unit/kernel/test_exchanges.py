"""The memory of exchanges is bounded by bytes and says what it forgot."""

from kernel.exchanges import OVERHEAD_BYTES, ExchangeMemory
from kernel.protocol.records import LlmExchange


def exchange(number: int, pid: int, size: int = 1000) -> LlmExchange:
    return LlmExchange(
        id=str(number), pid=pid, provider="p", model="m", url="u", request_body="x" * size, response_body="", status=200, started_at=1.0,
        duration_s=1.0,
    )  # fmt: skip


def test_the_oldest_give_way_by_bytes_and_are_counted() -> None:
    memory = ExchangeMemory(4 * (OVERHEAD_BYTES + 1000))
    for number in range(10):
        memory.add(exchange(number, pid=number % 2 + 1))
    everything, forgotten = memory.of(0)
    assert ([item.id for item in everything], forgotten) == (["6", "7", "8", "9"], 6)
    assert [item.id for item in memory.of(2)[0]] == ["7", "9"]
    assert memory.of(2)[1] == 3
    memory.add(exchange(99, pid=3, size=1_000_000))
    assert [item.id for item in memory.of(0)[0]] == ["99"]
    assert memory.of(3) == (memory.of(0)[0], 0)


def test_nothing_is_forgotten_at_first() -> None:
    assert ExchangeMemory().of(0) == ((), 0)
