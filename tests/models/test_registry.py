"""Names that clients send become models of the configured endpoints."""

from __future__ import annotations

from typing import Literal

import pytest

from openinteractions.config.profile import Profile
from openinteractions.config.settings import Endpoint, Model
from openinteractions.core.errors import NotSupportedError, UnknownModelError
from openinteractions.core.model_events import CallFragment
from openinteractions.engine import ports
from openinteractions.models.chat.media import MediaChat
from openinteractions.models.chat.model import Chat
from openinteractions.models.images.model import Images
from openinteractions.models.profile import Profile as Facts
from openinteractions.models.profile import Tools, from_settings
from openinteractions.models.registry import Host, Registry, ScriptedHost
from openinteractions.models.speech.model import Speech
from tests.backend.app import Backend
from tests.models.asking import asked, request, tool
from tests.models.events import text
from tests.models.servers import scripted_backend

CONSTRAINED = Profile(tools="constrained")


def scripted(**upstreams: str | None) -> Registry:
    models = {
        name.replace("any", "*"): Model(endpoint="demo", upstream=upstream)
        for name, upstream in upstreams.items()
    }
    return registry({"demo": Endpoint(dialect="scripted")}, models)


def registry(endpoints: dict[str, Endpoint], models: dict[str, Model]) -> Registry:
    return Registry(
        endpoints, models, api_key=lambda name: f"key-of-{name}", embedded=no_embedded
    )


def no_embedded(name: str, endpoint: Endpoint) -> Host:
    raise AssertionError(name)


async def said_by(found: Registry, name: str) -> str:
    turn = asked(name)
    return text(await found.resolve(turn.request).generate(turn))


async def test_exact_names_beat_the_rest() -> None:
    found = scripted(a="say exact", any="say other")
    assert await said_by(found, "a") == "exact"
    assert await said_by(found, "b") == "other"


async def test_a_name_without_an_upstream_goes_on_as_it_is() -> None:
    assert await said_by(scripted(any=None), "say mine") == "mine"


def test_models_are_made_once() -> None:
    found = scripted(a="say a", any="say b")
    assert found.resolve(request("a")) is found.resolve(request("a"))
    assert found.resolve(request("x")) is found.resolve(request("y"))
    assert found.resolve(request("a")) is not found.resolve(request("x"))


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match=r"'x'; known are: a, b\.") as raised:
        scripted(b="say", a="say").resolve(request("x"))
    assert raised.value.field == "model"


def test_only_so_many_names_are_listed() -> None:
    many = {f"model-{number:03}": "say" for number in range(100)}
    with pytest.raises(UnknownModelError) as raised:
        scripted(**many).resolve(request("x" * 10_000))
    assert raised.value.message.endswith("model-019, ….")
    assert len(raised.value.message) < 1000


@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_a_server_is_asked_with_its_key(
    dialect: Literal["chat", "responses"],
) -> None:
    backend = Backend()
    async with scripted_backend(backend) as url:
        found = registry(
            {"vllm": Endpoint(dialect=dialect, base_url=url, headers={"X-A": "b"})},
            {"gemini": Model(endpoint="vllm", upstream="hello")},
        )
        assert await said_by(found, "gemini") == "Hello."
        await found.close()
    headers = backend.requests["hello"][0]["headers"]
    assert headers["authorization"] == "Bearer key-of-vllm"
    assert headers["x-a"] == "b"


def test_a_profile_is_the_models_own() -> None:
    endpoint = Endpoint(dialect="chat", base_url="http://127.0.0.1:1/v1")
    found = registry(
        {"vllm": endpoint},
        {
            "small": Model(endpoint="vllm", profile=Profile(top_k=False)),
            "*": Model(endpoint="vllm"),
        },
    )
    wanted = request("small")
    wanted.generation_config.top_k = 1
    assert not found.resolve(request("other")).check(wanted)
    with pytest.raises(NotSupportedError):
        found.resolve(wanted).check(wanted)


@pytest.mark.parametrize(
    ("modality", "profile", "kind"),
    [
        ("TEXT", Profile(), Chat),
        ("IMAGE", Profile(), Images),
        ("AUDIO", Profile(), Speech),
        ("IMAGE", Profile(chat_media=True), MediaChat),
        ("AUDIO", Profile(chat_media=True), MediaChat),
    ],
)
def test_what_is_asked_for_has_an_adapter_of_its_own(
    modality: str, profile: Profile, kind: type
) -> None:
    endpoint = Endpoint(dialect="chat", base_url="http://127.0.0.1:1/v1")
    models = {"*": Model(endpoint="vllm", profile=profile)}
    found = registry({"vllm": endpoint}, models)
    wanted = request("m", response_modalities=[modality])
    assert isinstance(found.resolve(wanted), kind)


async def test_the_embedded_endpoint_is_opened_by_whoever_knows_it() -> None:
    opened: list[str] = []

    class Watched(ScriptedHost):
        def warm(self) -> None:
            opened.append("warmed")

        async def close(self) -> None:
            opened.append("closed")

    def embedded(name: str, endpoint: Endpoint) -> Host:
        opened.append(name)
        return Watched(name)

    found = Registry(
        {"tiny": Endpoint(dialect="embedded")},
        {"*": Model(endpoint="tiny")},
        api_key=lambda _: None,
        embedded=embedded,
    )
    found.warm()
    model: ports.Model = found.resolve(request("a"))
    assert found.resolve(request("b")) is model
    await found.close()
    await found.close()
    assert opened == ["tiny", "warmed", "closed"]


def test_nothing_is_opened_early_where_there_is_a_choice() -> None:
    found = registry(
        {"tiny": Endpoint(dialect="embedded"), "demo": Endpoint(dialect="scripted")},
        {"*": Model(endpoint="tiny"), "demo": Model(endpoint="demo")},
    )
    found.warm()


async def test_warming_a_server_does_not_ask_it() -> None:
    backend = Backend()
    async with scripted_backend(backend) as url:
        found = registry(
            {"vllm": Endpoint(dialect="chat", base_url=url)},
            {"*": Model(endpoint="vllm")},
        )
        found.warm()
        await found.close()
    assert not backend.seen


@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_calls_by_constrained_decoding_are_a_fact_of_any_model(
    dialect: Literal["chat", "responses"],
) -> None:
    backend = Backend()
    async with scripted_backend(backend) as url:
        found = registry(
            {"vllm": Endpoint(dialect=dialect, base_url=url)},
            {"m": Model(endpoint="vllm", upstream="json", profile=CONSTRAINED)},
        )
        turn = asked("m", tools=[tool("get_weather")])
        turn.request.generation_config.tool_choice.mode = "any"
        events = await found.resolve(turn.request).generate(turn)
        await found.close()
    body = backend.requests["json"][0]["body"]
    assert "tools" not in body
    wanted = body["text"]["format"] if "text" in body else body["response_format"]
    assert wanted["type"] == "json_schema"
    assert [e.name for e in events if isinstance(e, CallFragment) and e.name] == [
        "get_weather"
    ]


@pytest.mark.parametrize(
    ("configured", "facts"),
    [
        pytest.param(None, Facts(), id="nothing known"),
        pytest.param(Profile(), Facts(), id="nothing said"),
        pytest.param(Profile(tools=False), Facts(tools=Tools.NONE), id="no tools"),
        pytest.param(
            Profile(tools="constrained", max_output_tokens=9),
            Facts(tools=Tools.CONSTRAINED, max_output_tokens=9),
            id="constrained",
        ),
        pytest.param(
            Profile(reasoning="thinking"),
            Facts(reasoning_member="thinking"),
            id="a member of thoughts",
        ),
        pytest.param(
            Profile(reasoning=False), Facts(reasoning=False), id="no thoughts"
        ),
        pytest.param(
            Profile(strict_schemas=True, max_tokens_member="max_completion_tokens"),
            Facts(strict_schemas=True, max_tokens_member="max_completion_tokens"),
            id="hosted",
        ),
    ],
)
def test_the_profile_of_the_configuration(
    configured: Profile | None, facts: Facts
) -> None:
    assert from_settings(configured) == facts
