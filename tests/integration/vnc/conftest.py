"""Desktops are tried in a real kernel."""

from tests.integration.kernel.conftest import bench, make_bench

__all__ = ["bench", "make_bench"]
