"""The service without a channel, and what happens around every call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import pytest
from google.rpc import error_details_pb2, status_pb2

from openinteractions.core.errors import UpstreamRateLimitedError
from openinteractions.core.model_events import Text
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.interactions import handlers
from openinteractions.rpc.local import LocalUpstream
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import Rig, ask, drain, names, rig
from tests.rpc.face import ANSWER, details


class FailedError(Exception):
    def __init__(self, status: status_pb2.Status, headers: Mapping[str, str]) -> None:
        super().__init__(status.message)
        self.status = status
        self.headers = headers


def local(parts: Rig, keys: list[str] | None = None) -> LocalUpstream:
    return LocalUpstream(
        [handlers(parts.interactions)], Authentication(keys), failure=FailedError
    )


def said() -> Rig:
    parts = rig()
    for batch in ANSWER:
        parts.puppet.say(batch)
    return parts


async def failure(
    upstream: LocalUpstream,
    method: str,
    *,
    headers: dict[str, str] | None = None,
) -> FailedError:
    """Create an interaction, which must fail."""
    headers = {} if headers is None else headers
    arguments: tuple[Any, ...] = (method, ask(), {}, headers)
    with pytest.raises(FailedError) as caught:
        await (
            drain(upstream.stream(*arguments))  # type: ignore[arg-type]
            if method.startswith("Stream")
            else upstream.unary(*arguments)
        )
    return caught.value


async def test_a_unary_call_fills_the_headers() -> None:
    headers: dict[str, str] = {}
    request = ask()
    request.generation_config.seed = 7
    created = await local(said()).unary(
        "CreateInteraction", request, {"x-request-id": "mine"}, headers
    )

    assert isinstance(created, interaction_pb2.Interaction)
    assert headers == {
        "x-request-id": "mine",
        "x-openinteractions-ignored": "generation_config.seed",
    }


async def test_a_stream_fills_the_headers_before_its_first_batch() -> None:
    headers: dict[str, str] = {}
    request = ask()
    request.generation_config.seed = 7
    seen: list[Any] = []
    async for batch in local(said()).stream(
        "StreamCreateInteraction", request, {"x-request-id": "mine"}, headers
    ):
        assert headers == {
            "x-request-id": "mine",
            "x-openinteractions-ignored": "generation_config.seed",
        }
        seen += batch

    assert names(seen)[0] == "created"
    assert names(seen)[-1] == "completed"


async def test_a_failure_is_a_status_with_headers() -> None:
    parts = rig()
    slow = UpstreamRateLimitedError("Slow down.", retry_after=2.5)
    for method in ("CreateInteraction", "StreamCreateInteraction"):
        parts.puppet.say(slow)
        headers: dict[str, str] = {}
        failed = await failure(local(parts), method, headers=headers)
        assert headers == failed.headers
        assert headers["retry-after"] == "3"
        info = details(failed.status)[0]
        assert isinstance(info, error_details_pb2.ErrorInfo)
        assert info.reason == "ERROR_REASON_RATE_LIMITED"


async def test_closing_a_stream_tells_the_engine() -> None:
    parts = rig()
    parts.puppet.say([Text("Hel")])
    stream = local(parts).stream("StreamCreateInteraction", ask(store=False), {}, {})
    async with aclosing(stream) as batches:  # type: ignore[type-var]
        await asyncio.wait_for(anext(batches), WAIT_SECONDS)

    await asyncio.wait_for(parts.puppet.closed.wait(), WAIT_SECONDS)


async def test_cancelling_a_unary_call_tells_the_engine() -> None:
    parts = rig()
    calling = asyncio.create_task(
        local(parts).unary("CreateInteraction", ask(), {}, {})
    )
    await asyncio.wait_for(parts.puppet.called.wait(), WAIT_SECONDS)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling

    assert parts.puppet.closed.is_set()


async def test_a_key_is_asked_for() -> None:
    parts = said()
    upstream = local(parts, ["first"])
    headers: dict[str, str] = {}
    with pytest.raises(FailedError, match="API key"):
        await upstream.unary("CreateInteraction", ask(), {"key": "no"}, headers)
    assert "x-request-id" in headers

    await upstream.unary("CreateInteraction", ask(), {"key": "first"}, {})


def test_a_caller_without_a_good_key_is_not_admitted() -> None:
    upstream = local(rig(), ["first"])
    for metadata in ({}, {"key": "no"}):
        with pytest.raises(FailedError, match="API key") as caught:
            upstream.admit(metadata)
        info = details(caught.value.status)[0]
        assert isinstance(info, error_details_pb2.ErrorInfo)
        assert info.reason == "ERROR_REASON_UNAUTHENTICATED"

    upstream.admit({"x-goog-api-key": "no", "key": "first"})
    local(rig()).admit({})


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="none"),
        pytest.param({"x-request-id": ""}, id="empty"),
        pytest.param({"x-request-id": "a b"}, id="with a space"),
        pytest.param({"x-request-id": "a\nb"}, id="two lines"),
        pytest.param({"x-request-id": "ü"}, id="not ASCII"),
        pytest.param({"x-request-id": "x" * 129}, id="too long"),
    ],
)
async def test_a_request_id_is_made_where_none_is_usable(sent: dict[str, str]) -> None:
    made = []
    for _ in range(2):
        headers: dict[str, str] = {}
        await local(said()).unary("CreateInteraction", ask(), sent, headers)
        made.append(headers["x-request-id"])

    assert made[0] != made[1]
    assert sent.get("x-request-id") not in made
    assert all(len(one) == 32 for one in made)


async def test_a_failed_call_is_left_to_the_gateways_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "openinteractions.rpc")
    request = interaction_service_pb2.GetInteractionRequest(id="none")
    with pytest.raises(FailedError) as caught:
        await local(rig()).unary("GetInteraction", request, {}, {})

    assert caught.value.__cause__ is None
    assert caplog.records == []


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_an_accident_is_the_cause_of_a_failure_that_tells_nothing(
    stream: bool,
) -> None:
    parts = rig()
    parts.puppet.say(ZeroDivisionError("the secret"))
    method = "StreamCreateInteraction" if stream else "CreateInteraction"
    failed = await failure(local(parts), method)

    assert failed.status.message == "Internal error."
    assert "secret" not in str(failed.status)
    assert isinstance(failed.__cause__, ZeroDivisionError)


async def test_calls_that_succeed_leave_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "openinteractions.rpc")
    await local(said()).unary("CreateInteraction", ask(), {}, {})

    assert caplog.records == []
