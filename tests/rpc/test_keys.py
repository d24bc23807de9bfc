"""Which keys open what over gRPC."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import failure, get, serving

Code = grpc.StatusCode
KEYS = ("first", "second")


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((("x-goog-api-key", "first"),), id="x-goog-api-key"),
        pytest.param((("authorization", "Bearer first"),), id="bearer"),
        pytest.param((("key", "first"),), id="key"),
    ],
)
async def test_a_key_opens_its_own_interactions(metadata: Any) -> None:
    async with serving(KEYS) as face:
        face.say()
        created = await face.stub.CreateInteraction(
            ask(), metadata=metadata, timeout=WAIT_SECONDS
        )
        again = (("x-goog-api-key", "first"),)
        await face.stub.GetInteraction(
            get(created.id), metadata=again, timeout=WAIT_SECONDS
        )
        other = face.stub.GetInteraction(
            get(created.id), metadata=(("key", "second"),), timeout=WAIT_SECONDS
        )

        assert (await failure(other)).code == Code.NOT_FOUND


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((), id="none"),
        pytest.param((("x-goog-api-key", "third"),), id="wrong"),
        pytest.param((("x-goog-api-key", "first "), ("key", "")), id="nearly"),
        pytest.param((("authorization", "Basic first"),), id="another scheme"),
    ],
)
async def test_without_a_good_key_nothing_is_done(metadata: Any) -> None:
    async with serving(KEYS) as face:
        for call in (
            face.stub.CreateInteraction(ask(), metadata=metadata, timeout=WAIT_SECONDS),
            face.stub.StreamCreateInteraction(ask(), metadata=metadata),
        ):
            failed = await failure(call)
            assert (failed.code, failed.info.reason) == (
                Code.UNAUTHENTICATED,
                "ERROR_REASON_UNAUTHENTICATED",
            )
            assert "x-request-id" in failed.trailers
        assert face.rig.puppet.asked == []
