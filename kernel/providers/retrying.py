"""Trying again when a server is busy, slow or gone for a moment.

Owns the back-off. The registry wraps every networked provider in it; it must not try again once anything was shown,
because the second answer would be another one.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from kernel.clock import Clock
from kernel.providers.base import ChatRequest, Chunk, ModelInfo, Provider, ProviderError, Retrying


class RetryPolicy(msgspec.Struct, frozen=True):
    """attempts: requests in all. first_delay_s doubles up to longest_delay_s, each shortened by up to a quarter.

    A server that asks for more than patience_s is not waited for. A refused connection is tried refused_attempts
    times only: a server that is not running will not be there in a second.
    """

    attempts: int = 5
    refused_attempts: int = 2
    first_delay_s: float = 0.5
    longest_delay_s: float = 20.0
    patience_s: float = 900.0


class RetryingProvider:
    """The same provider, more patient. `random_unit` returns numbers in 0..1."""

    def __init__(
        self,
        inner: Provider,
        clock: Clock,
        *,
        policy: RetryPolicy | None = None,
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._random_unit = random_unit

    @property
    def name(self) -> str:
        """The inner provider's name."""
        return self._inner.name

    @property
    def dialect(self) -> str:
        """The inner provider's dialect."""
        return self._inner.dialect

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The inner provider's models; not retried, since discovery asks again anyway."""
        return await self._inner.list_models()

    async def aclose(self) -> None:
        """Close the inner provider."""
        await self._inner.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """Answer `request`; a `Retrying` chunk precedes each new attempt. Raises the last ProviderError."""
        attempt = 1
        while True:
            emitted = False
            try:
                async with aclosing(self._inner.stream(request)) as chunks:
                    async for chunk in chunks:
                        emitted = True
                        yield chunk
                return
            except ProviderError as error:
                delay_s = self._delay(error, attempt)
                if emitted or delay_s is None:
                    raise
                reason = error.message
            attempt += 1
            yield Retrying(attempt, delay_s, reason)
            await self._clock.sleep(delay_s)

    def _delay(self, error: ProviderError, attempt: int) -> float | None:
        """Seconds to wait after this failed attempt, or None to give up."""
        policy = self._policy
        allowed = policy.refused_attempts if error.kind == "refused" else policy.attempts
        if not error.retryable or attempt >= allowed:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= policy.patience_s else None
        delay = min(policy.first_delay_s * 2.0 ** (attempt - 1), policy.longest_delay_s)
        return delay * (1 - 0.25 * self._random_unit())
