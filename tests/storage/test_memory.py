"""The store in memory."""

from __future__ import annotations

import pytest

from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage.memory import MemoryStore
from tests.storage.acceptance import Acceptance
from tests.storage.records import bounded, page, record


@pytest.fixture
def store() -> InteractionStore:
    return bounded(MemoryStore())


class TestMemoryStore(Acceptance):
    async def test_closing_forgets_everything(self) -> None:
        store = MemoryStore()
        await store.add(record("a"), [])
        await store.close()

        assert await page(store) == []
