"""What the model server does wrong, and how it reaches a caller (§1.5, §7)."""

from __future__ import annotations

import re

from tests.sdk.python import shapes
from tests.sdk.python.case import Case, Failure
from tests.sdk.python.registry import behaviour

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}

_INTERNALS = re.compile(r"Traceback|\.py\b|site-packages|127\.0\.0\.1|chatcmpl")


def documented(failure: Failure) -> Failure:
    """Assert the documented body, with nothing of the inside in it (§7.1)."""
    assert set(failure.body) == {"error"}, failure
    assert {"code", "message"} <= set(failure.body["error"]), failure
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", failure.code), failure
    assert failure.message, failure
    assert not _INTERNALS.search(failure.message), failure
    return failure


async def failed(c: Case, script: str, kind: str, status: int, code: str) -> Failure:
    """Create with a script that fails; assert class, status and word."""
    failure = await c.failure(c.create(model=c.model(script), input="Hi"))
    assert (failure.kind, failure.status) == (kind, status), failure
    assert documented(failure).code == code, failure
    return failure


async def permanent(c: Case, script: str, kind: str, status: int, code: str) -> Failure:
    """Assert a failure that is not retried, neither here nor there."""
    failure = await failed(c, script, kind, status, code)
    assert failure.attempts == 1, failure
    assert await c.seen(c.model(script)) == 1
    return failure


async def passing(c: Case, script: str, status: int) -> Failure:
    """Assert a failure that the SDK retries and the server does not."""
    failure = await c.failure(c.create(model=c.model(script), input="Hi", tools=[TOOL]))
    assert (failure.kind, failure.status) == ("InternalServerError", status), failure
    documented(failure)
    assert failure.attempts == c.attempts, failure
    assert await c.seen(c.model(script)) == c.attempts
    return failure


@behaviour("400", "§1.5")
async def a_400_of_the_backend_is_a_400(c: Case) -> None:
    await permanent(c, "status:400", "BadRequestError", 400, "invalid_request")


@behaviour("400", "§1.5")
async def a_422_of_the_backend_is_a_400(c: Case) -> None:
    await permanent(c, "status:422", "BadRequestError", 400, "invalid_request")


@behaviour("404", "§1.5")
async def a_model_that_the_backend_does_not_know_is_a_404(c: Case) -> None:
    await permanent(c, "no-such-model", "NotFoundError", 404, "not_found")


@behaviour("400", "§7.1")
async def a_401_of_the_backend_names_the_endpoint(c: Case) -> None:
    failure = await c.failure(c.create(model=c.model("status:401"), input="Hi"))
    assert (failure.kind, failure.status) == ("BadRequestError", 400), failure
    assert failure.attempts == 1, failure
    assert "scripted" in documented(failure).message, failure


@behaviour("400", "§7.1")
async def a_403_of_the_backend_names_the_endpoint(c: Case) -> None:
    failure = await c.failure(c.create(model=c.model("status:403"), input="Hi"))
    assert (failure.kind, failure.status) == ("BadRequestError", 400), failure
    assert "scripted" in documented(failure).message, failure


@behaviour("403", "§1.5")
async def a_used_up_quota_is_a_403(c: Case) -> None:
    await permanent(c, "quota", "PermissionDeniedError", 403, "permission_denied")


@behaviour("400", "§7.1")
async def a_filtered_prompt_is_content_blocked(c: Case) -> None:
    await permanent(c, "filter:status", "BadRequestError", 400, "content_blocked")


@behaviour("400", "§7.1")
async def a_filtered_answer_is_content_blocked(c: Case) -> None:
    await permanent(c, "filter", "BadRequestError", 400, "content_blocked")


@behaviour("400", "§7.1")
async def a_half_filtered_answer_is_content_blocked(c: Case) -> None:
    await permanent(c, "filter:mid", "BadRequestError", 400, "content_blocked")


@behaviour("429", "§1.5")
async def too_many_requests_pass_with_their_retry_after(c: Case) -> None:
    script = "status:429,1"
    failure = await failed(c, script, "RateLimitError", 429, "too_many_requests")
    assert failure.attempts == c.attempts, failure
    assert [e.reply.get("retry-after") for e in c.wire] == ["1"] * c.attempts
    assert await c.seen(c.model(script)) == c.attempts


@behaviour("429", "§1.5")
async def a_retry_after_too_many_requests_succeeds(c: Case) -> None:
    made = await c.create(model=c.model("flaky:429,1"), input="Hi")
    assert shapes.text(made) == "Recovered."
    assert [exchange.status for exchange in c.wire] == [429, 200]


@behaviour("5xx", "§1.5")
async def a_retry_after_a_failure_succeeds(c: Case) -> None:
    made = await c.create(model=c.model("flaky:503,1"), input="Hi")
    assert shapes.text(made) == "Recovered."
    assert len(c.wire) == 2


@behaviour("5xx", "§1.5")
async def a_500_of_the_backend_is_a_502(c: Case) -> None:
    await passing(c, "status:500", 502)


@behaviour("5xx", "§1.5")
async def a_503_of_the_backend_is_a_502(c: Case) -> None:
    await passing(c, "status:503", 502)


@behaviour("5xx", "§1.5")
async def a_408_of_the_backend_is_a_504(c: Case) -> None:
    await passing(c, "status:408", 504)


@behaviour("5xx")
async def a_broken_body_of_the_backend_is_a_502(c: Case) -> None:
    await passing(c, "bad-json", 502)


@behaviour("5xx", "functions")
async def call_arguments_that_are_not_json_are_a_502(c: Case) -> None:
    await passing(c, "bad-args", 502)


@behaviour("5xx")
async def a_body_cut_short_by_the_backend_is_a_502(c: Case) -> None:
    await passing(c, "die-mid-stream", 502)


@behaviour("5xx")
async def a_backend_that_hangs_up_is_a_5xx(c: Case) -> None:
    failure = await c.failure(c.create(model=c.model("hang-up"), input="Hi"))
    assert failure.kind == "InternalServerError", failure
    assert failure.status in {502, 503}, failure
    documented(failure)


@behaviour("stream-error-before", "400")
async def a_stream_that_is_refused_is_an_http_error(c: Case) -> None:
    failure = await c.failure(c.stream(model=c.model("status:400"), input="Hi"))
    assert (failure.kind, failure.status) == ("BadRequestError", 400), failure
    assert (documented(failure).code, failure.attempts) == ("invalid_request", 1)


@behaviour("stream-error-before", "400")
async def a_bad_stream_request_is_an_http_error(c: Case) -> None:
    failure = await c.failure(
        c.stream(model=c.model("hello"), input="Hi", extra_body={"shoe_size": 43})
    )
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    assert "shoe_size" in failure.message


@behaviour("stream-error-before", "429")
async def a_stream_with_too_many_requests_is_retried(c: Case) -> None:
    heard = await c.stream(model=c.model("flaky:429,1"), input="Hi")
    assert heard.text == "Recovered."
    assert [exchange.status for exchange in c.wire] == [429, 200]


@behaviour("stream-error-before", "404")
async def a_stream_of_an_unknown_model_is_a_404(c: Case) -> None:
    failure = await c.failure(c.stream(model=c.model("no-such-model"), input="Hi"))
    assert (failure.kind, failure.attempts) == ("NotFoundError", 1), failure


async def broken(c: Case, script: str, *, text: str, code: str = "") -> None:
    """Assert text, then one error event, then the end; and the same in get."""
    heard = await c.stream(model=c.model(script), input="Hi")
    # A connection that breaks may take with it what it carried last.
    assert text.startswith(heard.text), heard.text
    (error,) = heard.of("error")
    assert error.raw.error.message
    assert not _INTERNALS.search(error.raw.error.message), error.raw
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.raw.error.code), error.raw
    if code:
        assert (heard.text, error.raw.error.code) == (text, code)
    assert all(e.interaction.status == "failed" for e in heard.of("completed"))
    assert len(c.wire) == 1
    assert await c.seen(c.model(script)) == 1
    found = await c.get(heard.id)
    assert (found.status, shapes.text(found)) == ("failed", heard.text)


@behaviour("stream-error-after", "ask-2")
async def an_error_of_the_backend_in_a_stream_is_an_error_event(c: Case) -> None:
    await broken(c, "error-mid-stream", text="Soon it")


@behaviour("stream-error-after", "ask-2")
async def a_backend_that_dies_in_a_stream_is_an_error_event(c: Case) -> None:
    await broken(c, "die-mid-stream", text="Soon it")


@behaviour("stream-error-after", "ask-2")
async def a_backend_that_talks_nonsense_in_a_stream_is_an_error_event(c: Case) -> None:
    await broken(c, "bad-json", text="Soon ")


@behaviour("stream-error-after", "ask-2")
async def a_filter_in_a_stream_is_an_error_event(c: Case) -> None:
    await broken(c, "filter:mid", text="Once upon a time", code="content_blocked")


@behaviour("stream-error-after", "store")
async def a_failed_stream_that_is_not_stored_tells_its_error(c: Case) -> None:
    model = c.model("error-mid-stream")
    heard = await c.stream(model=model, input="Hi", store=False)
    assert len(heard.of("error")) == 1


@behaviour("stream-error-after", "§3")
async def a_failed_interaction_tells_its_error_in_get(c: Case) -> None:
    heard = await c.stream(model=c.model("die-mid-stream"), input="Hi")
    found = await c.get(heard.id)
    assert found.status == "failed"
    # SDKs that do not type the member keep it as it came (contract §3).
    (error,) = shapes.plain(found)["errors"]
    assert error["message"]
    assert error["code"]
