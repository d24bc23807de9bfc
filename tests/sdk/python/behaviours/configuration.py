"""Members that steer the model: followed, named as ignored, or refused (§5.3)."""

from __future__ import annotations

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
}
FORECAST = {**FUNCTION, "name": "get_forecast"}


async def named_or_followed(c: Case, member: str, **arguments: object) -> None:
    """Assert that a hint reached the model or is named as ignored."""
    plain = await c.echo(input="Hi")
    body = await c.echo(input="Hi", **arguments)
    ignored = c.wire[-1].reply.get("x-openinteractions-ignored", "")
    assert member in ignored or body != plain, (ignored, body)


@behaviour("§5.3", "ask-15")
async def temperature_and_top_p_reach_the_model(c: Case) -> None:
    config = {"temperature": 0.25, "top_p": 0.5}
    body = await c.echo(input="Hi", generation_config=config)
    assert (body["temperature"], body["top_p"]) == (0.25, 0.5)


@behaviour("§5.3", "ask-15")
async def a_temperature_of_zero_reaches_the_model(c: Case) -> None:
    body = await c.echo(input="Hi", generation_config={"temperature": 0})
    assert body["temperature"] == 0


@behaviour("§5.3", "ask-15")
async def the_token_limit_reaches_the_model(c: Case) -> None:
    body = await c.echo(input="Hi", generation_config={"max_output_tokens": 33})
    assert 33 in (body.get("max_tokens"), body.get("max_completion_tokens"))


@behaviour("§5.3", "ask-15")
async def stop_sequences_reach_the_model(c: Case) -> None:
    body = await c.echo(input="Hi", generation_config={"stop_sequences": ["a", "b"]})
    assert body["stop"] == ["a", "b"]


@behaviour("§5.3", "ask-15")
async def a_seed_reaches_the_model_or_is_named(c: Case) -> None:
    await named_or_followed(c, "seed", generation_config={"seed": 7})


@behaviour("§5.3", "ask-15")
async def a_thinking_level_reaches_the_model_or_is_named(c: Case) -> None:
    await named_or_followed(
        c, "thinking_level", generation_config={"thinking_level": "low"}
    )


@behaviour("§5.3", "ask-15")
async def a_service_tier_reaches_the_model_or_is_named(c: Case) -> None:
    await named_or_followed(c, "service_tier", extra_body={"service_tier": "flex"})


@behaviour("§5.3", "ask-15")
async def labels_reach_the_model_or_are_named(c: Case) -> None:
    await named_or_followed(c, "labels", extra_body={"labels": {"team": "blue"}})


async def _followed_or_refused(c: Case, member: str, value: object) -> None:
    config = {"generation_config": {member: value}}
    call = c.create(model=c.model("echo"), input="Hi", extra_body=config)
    try:
        made = await call
    except c.errors.BadRequestError as error:
        told = error.body["error"]["message"]
    else:
        ignored = c.wire[-1].reply.get("x-openinteractions-ignored", "")
        told = shapes.text(made) + ignored
    assert member in told, told


@behaviour("ask-15")
async def top_k_is_never_dropped_in_silence(c: Case) -> None:
    await _followed_or_refused(c, "top_k", 5)


@behaviour("ask-15")
async def penalties_are_never_dropped_in_silence(c: Case) -> None:
    await _followed_or_refused(c, "presence_penalty", 0.5)
    await _followed_or_refused(c, "frequency_penalty", 0.5)


@behaviour("§5.3", "400")
async def speech_settings_are_refused_by_name(c: Case) -> None:
    failure = await c.failure(
        c.create(
            model=c.model("hello"),
            input="Hi",
            generation_config={"speech_config": [{"voice": "kore"}]},
        )
    )
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    assert "speech_config" in failure.message, failure


@behaviour("§5.3", "400")
async def a_strict_safety_threshold_is_refused_by_name(c: Case) -> None:
    setting = {"type": "harassment", "threshold": "block_low_and_above"}
    await c.refusal(
        "safety_settings",
        model=c.model("hello"),
        input="Hi",
        extra_body={"safety_settings": [setting]},
    )


@behaviour("§5.3")
async def safety_that_is_off_is_accepted(c: Case) -> None:
    setting = {"type": "harassment", "threshold": "off"}
    made = await c.create(
        model=c.model("hello"),
        input="Hi",
        extra_body={"safety_settings": [setting]},
    )
    assert shapes.text(made) == "Hello."


@behaviour("§5.3", "400")
async def cached_content_is_refused_by_name(c: Case) -> None:
    await c.refusal(
        "cached_content",
        model=c.model("hello"),
        input="Hi",
        extra_body={"cached_content": "cachedContents/x"},
    )


@behaviour("400")
async def a_continuation_token_is_refused_by_name(c: Case) -> None:
    await c.refusal(
        "continuation_token",
        model=c.model("hello"),
        input="Hi",
        extra_body={"continuation_token": "t"},
    )


@behaviour("§5.2", "ask-15")
async def tool_choice_any_requires_a_call(c: Case) -> None:
    body = await c.echo(
        input="Hi", tools=[FUNCTION], generation_config={"tool_choice": "any"}
    )
    assert body["tool_choice"] == "required"


@behaviour("§5.2")
async def tool_choice_none_prevents_a_call(c: Case) -> None:
    made = await c.create(
        model=c.model("call"),
        input="Hi",
        tools=[FUNCTION],
        generation_config={"tool_choice": "none"},
    )
    assert (made.status, shapes.calls(made)) == ("completed", [])


@behaviour("§5.2")
async def tool_choice_auto_leaves_it_to_the_model(c: Case) -> None:
    body = await c.echo(
        input="Hi", tools=[FUNCTION], generation_config={"tool_choice": "auto"}
    )
    assert body.get("tool_choice", "auto") == "auto"


@behaviour("§5.2")
async def allowed_tools_narrow_the_choice(c: Case) -> None:
    allowed = {"allowed_tools": {"mode": "any", "tools": ["get_forecast"]}}
    made = await c.create(
        model=c.model("call"),
        input="Hi",
        tools=[FUNCTION, FORECAST],
        generation_config={"tool_choice": allowed},
    )
    assert [call.name for call in shapes.calls(made)] == ["get_forecast"]


@behaviour("§5.2", "400")
async def an_allowed_tool_that_is_not_declared_is_refused(c: Case) -> None:
    allowed = {"allowed_tools": {"mode": "any", "tools": ["no_such"]}}
    await c.refusal(
        "tool_choice",
        model=c.model("call"),
        input="Hi",
        tools=[FUNCTION],
        generation_config={"tool_choice": allowed},
    )


@behaviour("§5.5", "media-output")
async def the_text_modality_is_accepted_in_any_case(c: Case) -> None:
    made = await c.create(
        model=c.model("hello"), input="Hi", response_modalities=["TEXT"]
    )
    assert shapes.text(made) == "Hello."
