"""Every way in which a model server can fail becomes the error that design §8 names."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from openinteractions.core import errors
from openinteractions.models.transport import retry_after
from openinteractions.models.transport.failures import MAX_MESSAGE, Failures

KEY = "sk-very-secret-key-0123456789"


def failures() -> Failures:
    return Failures("vllm", [KEY, "token-of-a-header"])


def body(message: str = "Words.", **more: Any) -> bytes:
    return json.dumps({"error": {"message": message} | more}).encode()


@pytest.mark.parametrize(
    ("status", "answer", "error", "http", "passed_on"),
    [
        pytest.param(400, body(), errors.UpstreamRefusedError, 400, True, id="400"),
        pytest.param(422, body(), errors.UpstreamRefusedError, 400, True, id="422"),
        pytest.param(413, body(), errors.UpstreamRefusedError, 400, True, id="413"),
        pytest.param(409, body(), errors.UpstreamRefusedError, 400, True, id="409"),
        pytest.param(404, body(), errors.UpstreamNotFoundError, 404, True, id="404"),
        pytest.param(
            400,
            body(code="content_filter"),
            errors.ContentBlockedError,
            400,
            True,
            id="filter",
        ),
        pytest.param(
            400,
            body(innererror={"code": "ResponsibleAIPolicyViolation"}),
            errors.ContentBlockedError,
            400,
            True,
            id="filter, in an inner error",
        ),
        pytest.param(
            401, body(), errors.UpstreamCredentialsError, 400, False, id="401"
        ),
        pytest.param(
            403, body(), errors.UpstreamCredentialsError, 400, False, id="403"
        ),
        pytest.param(
            429,
            body(code="insufficient_quota"),
            errors.UpstreamQuotaError,
            403,
            False,
            id="quota",
        ),
        pytest.param(
            429,
            body(type="insufficient_quota"),
            errors.UpstreamQuotaError,
            403,
            False,
            id="quota, in the type",
        ),
        pytest.param(402, body(), errors.UpstreamQuotaError, 403, False, id="402"),
        pytest.param(
            429, body(), errors.UpstreamRateLimitedError, 429, False, id="429"
        ),
        pytest.param(408, body(), errors.UpstreamTimeoutError, 504, False, id="408"),
        pytest.param(500, body(), errors.UpstreamFailedError, 502, False, id="500"),
        pytest.param(503, body(), errors.UpstreamFailedError, 502, False, id="503"),
        pytest.param(504, body(), errors.UpstreamFailedError, 502, False, id="504"),
        pytest.param(302, b"", errors.UpstreamFailedError, 502, False, id="redirect"),
    ],
)
def test_each_status_has_its_error(
    status: int,
    answer: bytes,
    error: type[errors.BackendError],
    http: int,
    passed_on: bool,
) -> None:
    found = failures().from_status(status, {}, answer)
    assert type(found) is error
    assert errors.shape(found.reason).http_status == http
    assert found.metadata == {"endpoint": "vllm"}
    assert '"vllm"' in found.message
    assert ("Words." in found.message) is passed_on


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(body("a  b\n c"), "a b c", id="OpenAI's"),
        pytest.param(b'{"error":"words"}', "words", id="a text"),
        pytest.param(b'{"message":"words","code":400}', "words", id="bare"),
        pytest.param(b'[{"error":{"message":"words"}}]', "words", id="in a list"),
        pytest.param(
            b'{"detail":[{"msg":"words"}]}', '[{"msg":"words"}]', id="details"
        ),
        pytest.param(b"words", "words", id="plain text"),
        pytest.param("w\u00f6rter".encode("latin-1"), "w\ufffdrter", id="not UTF-8"),
    ],
)
def test_the_servers_own_words_are_passed_on(answer: bytes, said: str) -> None:
    found = failures().from_status(400, {}, answer)
    assert found.message == f'The model server "vllm" refused the request: {said}'


@pytest.mark.parametrize(
    ("code", "http"),
    [
        (429, 429),
        ("429", 429),
        (200, 502),
        ("200", 502),
        ("4" * 5000, 502),
        ("429 Too Many Requests", 502),
        (4.29, 502),
        ("model_not_found", 404),
    ],
)
def test_an_error_in_the_body_has_its_status_there(code: Any, http: int) -> None:
    found = failures().from_body({"message": "Words.", "code": code})
    assert errors.shape(found.reason).http_status == http


@pytest.mark.parametrize("answer", [b"", b"<html>Sorry</html>", b"{}", b"null", b"[]"])
def test_an_answer_without_words_has_none(answer: bytes) -> None:
    found = failures().from_status(400, {}, answer)
    assert found.message.startswith('The model server "vllm" refused the request')
    assert "html" not in found.message


def test_long_words_are_cut() -> None:
    found = failures().from_status(400, {}, body("x" * 5000))
    said = found.message.partition(": ")[2]
    assert len(said) == MAX_MESSAGE
    assert said.endswith("x…")


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(KEY, id="the key"),
        pytest.param("token-of-a-header", id="the value of a header"),
        pytest.param("sk-someone-elses-0123", id="a key of a known form"),
        pytest.param("Bearer abc.def", id="an authorization"),
    ],
)
def test_no_message_has_a_secret(secret: str) -> None:
    padding = "x" * (MAX_MESSAGE - 10) + " "
    for said in (f"Wrong: {secret}.", padding + secret):
        found = failures().from_status(400, {}, body(said))
        assert secret not in found.message
        assert secret[:9] not in found.message


def key() -> ConnectionKey:
    return ConnectionKey("gpu1", 8000, False, True, None, None, None)


@pytest.mark.parametrize(
    ("exception", "error", "http"),
    [
        pytest.param(
            aiohttp.ClientConnectorError(key(), OSError(111, "refused")),
            errors.UpstreamUnreachableError,
            503,
            id="nobody there",
        ),
        pytest.param(
            aiohttp.ClientConnectorDNSError(key(), OSError(-2, "no such name")),
            errors.UpstreamUnreachableError,
            503,
            id="no such name",
        ),
        pytest.param(
            aiohttp.ConnectionTimeoutError(), errors.UpstreamTimeoutError, 504, id="SYN"
        ),
        pytest.param(
            aiohttp.SocketTimeoutError(), errors.UpstreamTimeoutError, 504, id="silence"
        ),
        pytest.param(
            aiohttp.ServerDisconnectedError(),
            errors.UpstreamFailedError,
            502,
            id="closed",
        ),
        pytest.param(
            aiohttp.ClientPayloadError(), errors.UpstreamFailedError, 502, id="broken"
        ),
        pytest.param(
            ConnectionResetError(), errors.UpstreamFailedError, 502, id="reset"
        ),
    ],
)
def test_each_broken_connection_has_its_error(
    exception: Exception, error: type[errors.BackendError], http: int
) -> None:
    found = failures().from_exception(exception)
    assert type(found) is error
    assert errors.shape(found.reason).http_status == http
    assert '"vllm"' in found.message
    assert "gpu1" not in found.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "999999999"}, None),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00"}, 0.0),
    ],
)
def test_the_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after.read(headers) == seconds
    assert failures().from_status(429, headers, b"").retry_after == seconds


def test_the_wait_may_be_a_date() -> None:
    then = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    header = {"Retry-After": email.utils.format_datetime(then, usegmt=True)}
    found = retry_after.read(header)
    assert found is not None
    assert 3500 < found <= 3600
