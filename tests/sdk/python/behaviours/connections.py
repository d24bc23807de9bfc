"""Addresses, prefixes, keys and the transport (contract §1.1, §1.4, §7.2)."""

from __future__ import annotations

import asyncio
import socket

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

PREFIX = "ignores api_version for interactions"
POLLS = 200
POLL_SECONDS = 0.05


async def greeted(c: Case) -> str:
    """Create, get and delete; give the path of the create."""
    made = await c.create(model=c.model("hello"), input="Hi")
    assert shapes.text(made) == "Hello."
    assert (await c.get(made.id)).id == made.id
    await c.delete(made.id)
    return c.wire[0].path


@behaviour("§1.1")
async def the_default_prefix_of_the_sdk_is_served(c: Case) -> None:
    expected = "/v1/interactions" if c.major == 3 else "/v1beta/interactions"
    assert await greeted(c) == expected


async def _prefixed(c: Case, prefix: str) -> None:
    other = c.connect(http_options={"api_version": prefix})
    assert await greeted(other) == f"/{prefix}/interactions"


@behaviour("§1.1", cannot={("1.55.0",): PREFIX})
async def the_prefix_v1_is_served(c: Case) -> None:
    await _prefixed(c, "v1")


@behaviour("§1.1", cannot={("1.55.0",): PREFIX})
async def the_prefix_v1alpha_is_served(c: Case) -> None:
    await _prefixed(c, "v1alpha")


@behaviour("§1.1", cannot={("1.55.0",): PREFIX})
async def the_prefix_v1beta_is_served(c: Case) -> None:
    await _prefixed(c, "v1beta")


@behaviour("§1.1", cannot={("1.55.0",): PREFIX})
async def the_prefix_v1beta1_is_served(c: Case) -> None:
    await _prefixed(c, "v1beta1")


@behaviour("§1.1", "ask-18")
async def a_base_url_with_a_version_inside_works(c: Case) -> None:
    base = {"base_url": f"{c.place.server}/v1beta"}
    path = await greeted(c.connect(http_options=base))
    assert path.startswith("/v1beta/v1"), path


@behaviour("§1.1", "ask-18")
async def a_base_url_with_a_path_works(c: Case) -> None:
    base = {"base_url": f"{c.place.server}/team/blue"}
    assert (await greeted(c.connect(http_options=base))).startswith("/team/blue/v1")


@behaviour("§1.1", "ask-18")
async def a_base_url_with_slashes_at_its_end_works(c: Case) -> None:
    base = {"base_url": f"{c.place.server}//"}
    await greeted(c.connect(http_options=base))


@behaviour("§1.3", "ask-17")
async def an_explicit_revision_wins(c: Case) -> None:
    revision = "2026-05-20" if c.is_legacy else "2026-05-07"
    other = c.connect(http_options={"headers": {"Api-Revision": revision}})
    made = await other.create(model=c.model("hello"), input="Hi")
    body = shapes.plain(made)
    expected = "steps" if c.is_legacy else "outputs"
    assert body.get(expected), body


@behaviour("§1.4")
async def any_key_is_accepted_without_auth(c: Case) -> None:
    other = c.connect(api_key="whatever")
    assert await greeted(other)


def keyed(c: Case, key: str) -> Case:
    """Connect to the server that wants a key."""
    return c.connect(api_key=key, http_options={"base_url": c.place.keyed})


@behaviour("§1.4", "401")
async def the_right_key_is_accepted(c: Case) -> None:
    assert await greeted(keyed(c, c.place.keys[0]))


@behaviour("401", "§7.1")
async def a_wrong_key_is_a_401(c: Case) -> None:
    wrong = keyed(c, "wrong-key")
    for call in (
        wrong.create(model=c.model("hello"), input="Hi"),
        wrong.get("v1_x"),
        wrong.delete("v1_x"),
    ):
        failure = await c.failure(call)
        assert (failure.kind, failure.status) == ("AuthenticationError", 401), failure
        assert (failure.code, failure.attempts) == ("unauthenticated", 1), failure
        assert "wrong-key" not in failure.message
    assert await c.seen(c.model("hello")) == 0


@behaviour("401", "stream-error-before")
async def a_wrong_key_is_a_401_for_a_stream(c: Case) -> None:
    wrong = keyed(c, "wrong-key")
    failure = await c.failure(wrong.stream(model=c.model("hello"), input="Hi"))
    assert (failure.kind, failure.attempts) == ("AuthenticationError", 1), failure


@behaviour("401", "404", "§1.4")
async def the_interaction_of_another_key_is_unknown(c: Case) -> None:
    mine, yours = (keyed(c, key) for key in c.place.keys[:2])
    made = await mine.create(model=c.model("hello"), input="Hi")
    for call in (yours.get(made.id), yours.delete(made.id)):
        failure = await c.failure(call)
        assert (failure.kind, failure.attempts) == ("NotFoundError", 1), failure
    failure = await c.failure(
        yours.create(
            model=c.model("echo"), input="Go on", previous_interaction_id=made.id
        )
    )
    assert failure.kind in {"BadRequestError", "NotFoundError"}, failure
    assert (await mine.get(made.id)).id == made.id


def _vertex(c: Case, token: str) -> Case:
    from google.oauth2.credentials import Credentials  # noqa: PLC0415

    return c.connect(
        vertexai=True,
        project="p",
        location="l",
        credentials=Credentials(token=token),  # type: ignore[no-untyped-call]
        http_options={"base_url": c.place.keyed},
    )


@behaviour("§1.4", "§1.1")
async def a_key_as_bearer_token_on_the_cloud_path_works(c: Case) -> None:
    path = await greeted(_vertex(c, c.place.keys[0]))
    # 1.55 keeps its own prefix here too.
    prefix = "v1beta" if c.version == "1.55.0" else "v1beta1"
    assert path == f"/{prefix}/projects/p/locations/l/interactions"
    sent = c.wire[0].headers
    assert sent["authorization"] == f"Bearer {c.place.keys[0]}"
    assert "x-goog-api-key" not in sent


@behaviour("401", "§1.4")
async def a_wrong_bearer_token_is_a_401(c: Case) -> None:
    failure = await c.failure(
        _vertex(c, "wrong").create(model=c.model("hello"), input="Hi")
    )
    assert (failure.kind, failure.status) == ("AuthenticationError", 401), failure


@behaviour("transport")
async def a_server_that_is_away_is_a_connection_error(c: Case) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    away = c.connect(http_options={"base_url": f"http://127.0.0.1:{port}"})
    failure = await c.failure(away.create(model="hello", input="Hi"))
    assert failure.kind == "APIConnectionError", failure


@behaviour("transport", "disconnect")
async def a_caller_that_gives_up_stops_the_model(c: Case) -> None:
    model = c.model("hang")
    hasty = c.connect(http_options={"timeout": 400})
    failure = await c.failure(hasty.create(model=model, input="Hi"))
    assert failure.kind == "APITimeoutError", failure
    for _ in range(POLLS):
        if (await c.door("GET", "_active", model=model))["count"] == 0:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError("the model still works for a caller that left")


@behaviour("413", "400")
async def a_body_over_the_limit_is_refused(c: Case) -> None:
    other = keyed(c, c.place.keys[0])
    long = "x" * (c.place.limited + 1024)
    failure = await c.failure(other.create(model=c.model("hello"), input=long))
    assert failure.status in {400, 413}, failure
    assert failure.kind in {"BadRequestError", "APIStatusError"}, failure
    assert failure.attempts == 1, failure
    assert await c.seen(c.model("hello")) == 0


@behaviour("§1.4")
async def headers_and_timeouts_of_the_caller_do_no_harm(c: Case) -> None:
    other = c.connect(http_options={"headers": {"X-My-Header": "v"}, "timeout": 20000})
    assert await greeted(other)
