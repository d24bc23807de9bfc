"""What a failed request leaves in the log: one line in each process that it passes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from openinteractions.core.errors import RequestError, UpstreamFailedError
from openinteractions.core.model_events import Text
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.channel import ChannelUpstream
from openinteractions.gateway.upstream import StatusError, Upstream
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.interactions import SERVICE, handlers
from openinteractions.rpc.local import LocalUpstream
from tests.clock import WAIT_SECONDS
from tests.engine.puppet import Said
from tests.engine.rig import Rig, rig
from tests.gateway.doubles import Face, Service, face
from tests.rpc.face import ANSWER, serving

CREATE = "/v1beta/interactions"
ASK = {"model": "m", "input": "Hi"}

GATEWAY = "openinteractions.gateway"
SERVICE_LOG = "openinteractions.rpc.transport"

REASON = "\"There is no interaction 'none'.\""
TOLD = f"request r1 failed: GET {CREATE}/none: 404 not_found: {REASON}"
UNKNOWN = ("GET", f"{CREATE}/none?key=hidden", None)

Processes = Callable[..., AbstractAsyncContextManager[Face]]


@asynccontextmanager
async def one_process(*said: Said) -> AsyncIterator[Face]:
    parts = rig()
    upstream = LocalUpstream(
        [handlers(parts.interactions)], Authentication(None), failure=StatusError
    )
    async with fronted(upstream, parts, said) as gateway:
        yield gateway
    await parts.supervisor.close(0)


@asynccontextmanager
async def two_processes(*said: Said) -> AsyncIterator[Face]:
    """A gateway and a service with a channel between them, as two processes have it."""
    async with serving() as served:
        upstream = ChannelUpstream(served.target, [SERVICE])
        async with fronted(upstream, served.rig, said) as gateway:
            yield gateway
        await upstream.close()


@asynccontextmanager
async def fronted(
    upstream: Upstream, parts: Rig, said: tuple[Said, ...]
) -> AsyncIterator[Face]:
    for batch in said:
        parts.puppet.say(batch)

    def make(_: Service, **given: Any) -> Gateway:
        return Gateway(upstream, **given)

    async with face(make) as gateway, asyncio.timeout(WAIT_SECONDS):
        yield gateway


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "openinteractions")
    return caplog


async def test_it_is_one_line(log: pytest.LogCaptureFixture) -> None:
    async with one_process() as gateway:
        status, _ = await gateway.ask(*UNKNOWN, x_request_id="r1")

    assert status == 404
    assert log.record_tuples == [
        (
            GATEWAY,
            logging.INFO,
            TOLD,
        )
    ]


async def test_a_gateway_of_its_own_has_a_line_and_so_has_the_service(
    log: pytest.LogCaptureFixture,
) -> None:
    async with two_processes() as gateway:
        status, _ = await gateway.ask(*UNKNOWN, x_request_id="r1")

    assert status == 404
    assert log.record_tuples == [
        (
            SERVICE_LOG,
            logging.INFO,
            f"GetInteraction r1 failed: not_found: {REASON}",
        ),
        (
            GATEWAY,
            logging.INFO,
            TOLD,
        ),
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
@pytest.mark.parametrize(
    ("processes", "names"),
    [
        pytest.param(one_process, [GATEWAY], id="one process"),
        pytest.param(two_processes, [SERVICE_LOG, GATEWAY], id="two processes"),
    ],
)
async def test_what_nobody_foresaw_is_told_whole_and_once(
    processes: Processes,
    names: list[str],
    log: pytest.LogCaptureFixture,
    *,
    stream: bool,
) -> None:
    async with processes(ZeroDivisionError("the secret")) as gateway:
        ask = {**ASK, "stream": stream}
        status, body = await gateway.ask("POST", CREATE, ask, x_request_id="r1")

    assert status == 500
    assert body["error"] == {"message": "Internal error.", "code": "internal_error"}
    assert [line.name for line in log.records] == names
    assert all("r1" in line.getMessage() for line in log.records)
    first, *others = log.records
    assert first.exc_info is not None
    assert isinstance(first.exc_info[1], ZeroDivisionError)
    assert not any(line.exc_info for line in others)


@pytest.mark.parametrize("processes", [one_process, two_processes])
@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize(
    ("error", "level"),
    [
        pytest.param(ZeroDivisionError("secret"), logging.ERROR, id="unforeseen"),
        pytest.param(UpstreamFailedError("It is down."), logging.WARNING, id="theirs"),
        pytest.param(RequestError("Too long."), logging.INFO, id="the caller's"),
    ],
)
async def test_a_run_that_fails_midway_is_one_line_of_its_own(
    processes: Processes,
    error: Exception,
    level: int,
    log: pytest.LogCaptureFixture,
    *,
    store: bool,
) -> None:
    async with processes([Text("half")], error) as gateway:
        ask = {**ASK, "stream": True, "store": store}
        body = await gateway.read("POST", CREATE, ask, x_request_id="r1")

    assert "event: error" in body
    (line,) = log.records
    assert (line.name, line.levelno) == ("openinteractions.engine.failing", level)
    named = re.search(r'"id":"(v1_[0-9a-f]+)"', body)
    name = named[1] if named else "that is not stored"
    assert line.getMessage().startswith(f"interaction {name} failed: ")
    assert bool(named) is store
    assert bool(line.exc_info) is isinstance(error, ZeroDivisionError)


@pytest.mark.parametrize("processes", [one_process, two_processes])
async def test_what_the_gateway_refuses_is_a_line_of_its_own(
    processes: Processes, log: pytest.LogCaptureFixture
) -> None:
    async with processes() as gateway:
        status, _ = await gateway.ask(
            "POST", CREATE, {**ASK, "modle": "m"}, x_request_id="r1"
        )

    assert status == 400
    reason = "\"Unknown parameter 'modle'.\""
    assert log.record_tuples == [
        (
            GATEWAY,
            logging.INFO,
            f"request r1 failed: POST {CREATE}: 400 invalid_request: {reason}",
        )
    ]


@pytest.mark.parametrize("processes", [one_process, two_processes])
async def test_what_succeeds_leaves_nothing(
    processes: Processes, log: pytest.LogCaptureFixture
) -> None:
    async with processes(*ANSWER) as gateway:
        status, _ = await gateway.ask("POST", CREATE, ASK)

    assert status == 200
    assert log.records == []
