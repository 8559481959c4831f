"""What every test shares: no screen unless a test brings one, no keys, no leftover environment, no unexpected warning record."""

import logging
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.font_rendering import draw_alike

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
draw_alike()
for _name in ("GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AETHER_FS_ROOT", "AETHER_MODEL", "OLLAMA_HOST"):
    os.environ.pop(_name, None)
# What is ignored, as SIGHUP is under nohup and SIGINT behind a shell's "&", would be so in the processes that tests start and then hang up
# or interrupt; a handler is not inherited.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same commit gives the same answer: neither chance nor a slow machine decides. CONTRIBUTING.md tells how to explore.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("exploring", derandomize=False, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


def pytest_sessionstart() -> None:
    """Hypothesis takes constants of the modules that happen to be loaded: its examples would hang on which tests are run, and when."""
    if settings.get_current_profile_name() == "repeatable" and hasattr(providers, "_get_local_constants"):
        providers._get_local_constants = providers.Constants


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _is_short_stall(record: logging.LogRecord) -> bool:
    """A turn of the loop under a quarter of a second, which a busy machine alone can cause; longer ones fail the test."""
    stall_ms = record.args[0] if isinstance(record.args, tuple) and record.args else None
    return "stood still" in str(record.msg) and (not isinstance(stall_ms, float) or stall_ms < 250)


@pytest.fixture(autouse=True)
def no_unexpected_records(request: pytest.FixtureRequest) -> Iterator[None]:
    """An unexpected warning or error of Aether's own loggers fails the test; `@pytest.mark.expects_records` allows them."""
    collector = _Collector()
    logger = logging.getLogger("aether")
    logger.addHandler(collector)
    yield
    logger.removeHandler(collector)
    if request.node.get_closest_marker("expects_records") is None:
        records = [record for record in collector.records if not _is_short_stall(record)]
        unexpected = [f"{record.levelname} {record.name}: {record.getMessage()}" for record in records]
        assert not unexpected
