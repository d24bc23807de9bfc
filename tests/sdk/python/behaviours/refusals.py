"""What is not supported yet: a clean 400 that names it, and no retry (§7)."""

from __future__ import annotations

from typing import Any

from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

UNKNOWN = "v1_bm8tc3VjaC1pbnRlcmFjdGlvbg"


async def unsupported(c: Case, member: str, **arguments: Any) -> None:
    """Assert a 400 that says so, names the member and reached no model."""
    wanted = {"model": c.model("hello"), "input": "Hi", **arguments}
    failure = await c.refusal(member, **wanted)
    assert "not supported yet" in failure.message, failure
    assert await c.seen(c.model("hello")) == 0


@behaviour("store+background", "400")
async def background_without_store_is_refused(c: Case) -> None:
    await c.refusal(
        "background", model=c.model("hello"), input="Hi", background=True, store=False
    )


@behaviour("agents", "400")
async def agents_are_not_supported_yet(c: Case) -> None:
    failure = await c.failure(
        c.create(agent="deep-research-pro-preview-12-2025", input="Hi")
    )
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    assert "agent" in failure.message, failure
    assert "not supported yet" in failure.message, failure


@behaviour("built-in-tools", "400")
async def google_search_is_not_supported_yet(c: Case) -> None:
    await unsupported(c, "tools[0]", tools=[{"type": "google_search"}])


@behaviour("built-in-tools", "400")
async def code_execution_is_not_supported_yet(c: Case) -> None:
    await unsupported(c, "tools[0]", tools=[{"type": "code_execution"}])


@behaviour("built-in-tools", "400")
async def url_context_is_not_supported_yet(c: Case) -> None:
    await unsupported(c, "tools[0]", tools=[{"type": "url_context"}])


@behaviour("built-in-tools", "400")
async def file_search_is_not_supported_yet(c: Case) -> None:
    tool = {"type": "file_search", "file_search_store_names": ["s"]}
    await unsupported(c, "tools[0]", tools=[tool])


@behaviour("built-in-tools", "400")
async def a_tool_server_is_not_supported_yet(c: Case) -> None:
    tool = {"type": "mcp_server", "name": "s", "url": "https://example.com/mcp"}
    await unsupported(c, "tools[0]", tools=[tool])


@behaviour("built-in-tools", "400")
async def computer_use_is_not_supported_yet(c: Case) -> None:
    tool = {"type": "computer_use", "environment": "browser"}
    await unsupported(c, "tools[0]", tools=[tool])


@behaviour("built-in-tools", "functions", "400")
async def the_unsupported_tool_among_functions_is_named(c: Case) -> None:
    tools = [{"type": "function", "name": "f"}, {"type": "google_search"}]
    await unsupported(c, "tools[1]", tools=tools)


@behaviour("media-output", "400")
async def video_as_output_is_not_supported(c: Case) -> None:
    await c.refusal(
        "response_modalities[0]",
        "makes text, images and sound only",
        model=c.model("hello"),
        input="Hi",
        response_modalities=["video"],
    )


@behaviour("webhooks", "400")
async def webhooks_are_not_supported_yet(c: Case) -> None:
    config = {"webhook_config": {"uris": ["https://example.com/hook"]}}
    await c.refusal(
        "webhook_config", model=c.model("hello"), input="Hi", extra_body=config
    )


@behaviour("deferred", "400")
async def the_deferred_tier_is_for_background_work(c: Case) -> None:
    await c.refusal(
        "service_tier",
        model=c.model("hello"),
        input="Hi",
        extra_body={"service_tier": "deferred"},
    )


@behaviour("agents", "400")
async def environments_are_not_supported_yet(c: Case) -> None:
    await unsupported(c, "environment", extra_body={"environment": "remote"})


@behaviour("agents", "400")
async def an_agent_configuration_without_an_agent_is_refused(c: Case) -> None:
    config = {"agent_config": {"type": "deep-research"}}
    await c.refusal(
        "agent_config", model=c.model("hello"), input="Hi", extra_body=config
    )


@behaviour("cancel", "400")
async def a_finished_interaction_cannot_be_cancelled(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    failure = await c.failure(c.cancel(made.id))
    assert (failure.kind, failure.status) == ("BadRequestError", 400), failure
    assert failure.attempts == 1, failure
    assert (await c.get(made.id)).status == "completed"


@behaviour("cancel", "404")
async def cancelling_an_unknown_interaction_is_a_404(c: Case) -> None:
    failure = await c.failure(c.cancel(UNKNOWN))
    assert (failure.kind, failure.status) == ("NotFoundError", 404), failure
    assert failure.attempts == 1, failure
