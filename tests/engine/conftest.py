"""What tests of several use cases begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.shelf import Shelf, shelf


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Shelf]:
    """The use cases of files, with nothing in them."""
    async with shelf(tmp_path) as made:
        yield made
