"""Lets the shared suites report failures as test modules do, and starts NATS once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nats import Nats, nats_server

pytest.register_assert_rewrite(
    "tests.storage.events.log_acceptance",
    "tests.storage.events.signal_acceptance",
)


@pytest.fixture(scope="session")
def nats() -> Iterator[Nats]:
    """A server that tests share and leave alone."""
    with tempfile.TemporaryDirectory() as folder, nats_server(Path(folder)) as server:
        yield server
