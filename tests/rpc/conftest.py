"""A server of the gRPC face for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

pytest.register_assert_rewrite("tests.rpc.face")

from tests.rpc.face import Face, serving  # noqa: E402 - after its asserts are prepared


@pytest.fixture
async def face() -> AsyncIterator[Face]:
    async with serving() as face:
        yield face
