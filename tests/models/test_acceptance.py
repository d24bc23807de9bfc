"""The dialects `chat`, `responses` and `scripted` are held to the suite of all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from openinteractions.core.model_events import FinishReason
from openinteractions.engine.ports import Model
from openinteractions.models.chat.model import Chat
from openinteractions.models.responses.model import Responses
from openinteractions.models.scripted.model import Scripted
from openinteractions.models.transport.endpoint import Endpoint
from tests.models.acceptance import Act, ModelAcceptance, Situation
from tests.models.asking import call, result, tool, user
from tests.models.servers import (
    STREAM_HEAD,
    Connection,
    chunked,
    raw_server,
    scripted_backend,
)

TOOLS = [tool("get_weather"), tool("get_time")]
ANSWERED = [user("Weather?"), call("x"), result("x", text="22")]


class BackendRig:
    """A dialect of the scripted model server."""

    NAMES: Mapping[Situation, str] = {
        Situation.SPEAK: "hello",
        Situation.THINK: "reason",
        Situation.CALL: "call-fragments",
        Situation.CALL_TWICE: "parallel:2",
        Situation.ANSWER_RESULTS: "call",
        Situation.RUN_OUT: "length",
        Situation.REFUSE: "status:400",
        Situation.FAIL: "hang-up",
        Situation.HANG: "hang",
    }

    def __init__(self, model: Model, breaking: Model) -> None:
        self.model = model
        self.breaking = breaking

    def act(self, situation: Situation) -> Act:
        if situation is Situation.BREAK:
            return Act(self.breaking, "m")
        name = self.NAMES[situation]
        if situation in (Situation.CALL, Situation.CALL_TWICE):
            return Act(self.model, name, tools=TOOLS)
        if situation is Situation.ANSWER_RESULTS:
            return Act(self.model, name, ANSWERED, TOOLS)
        return Act(self.model, name)


@asynccontextmanager
async def backend_rig(
    make: Callable[[Endpoint], Model], said: bytes
) -> AsyncIterator[BackendRig]:
    """Give the rig; the model that breaks off has `said` something before."""

    async def break_off(connection: Connection) -> None:
        await connection.request()
        await connection.write(STREAM_HEAD, chunked(said))

    async with scripted_backend() as url, raw_server(break_off) as (broken, _):
        endpoints = [Endpoint("vllm", base_url=address) for address in (url, broken)]
        yield BackendRig(*(make(endpoint) for endpoint in endpoints))
        for endpoint in endpoints:
            await endpoint.close()


class TestChat(ModelAcceptance):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[BackendRig]:
        said = b'data: {"choices":[{"delta":{"content":"so far"}}]}\n\n'
        async with backend_rig(Chat, said) as rig:
            yield rig


class TestResponses(ModelAcceptance):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[BackendRig]:
        said = b'data: {"type":"response.output_text.delta","delta":"so far"}\n\n'
        async with backend_rig(Responses, said) as rig:
            yield rig


class ScriptedRig:
    SCRIPTS: Mapping[Situation, str] = {
        Situation.SPEAK: "say Hello to you.",
        Situation.THINK: "think I think. ; say So it is.",
        Situation.CALL: 'call get_weather {"location":"Paris; Zürich"}',
        Situation.CALL_TWICE: "reads 3; call get_weather; call get_time {}",
        Situation.ANSWER_RESULTS: "call get_weather",
        Situation.RUN_OUT: f"words 2; finish {FinishReason.LENGTH.value}",
        Situation.REFUSE: "fail refused",
        Situation.FAIL: "fail unreachable",
        Situation.BREAK: "reads 9; say so far; fail failed",
        Situation.HANG: "hang",
    }

    def act(self, situation: Situation) -> Act:
        answered = situation is Situation.ANSWER_RESULTS
        steps = ANSWERED if answered else [user("Hello?")]
        return Act(Scripted(), self.SCRIPTS[situation], steps, TOOLS)


class TestScripted(ModelAcceptance):
    @pytest.fixture
    def rig(self) -> ScriptedRig:
        return ScriptedRig()
