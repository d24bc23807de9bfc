"""Refusals of what [endpoints] say: addresses, keys, headers and limits."""

from __future__ import annotations

import pytest

from tests.config.texts import GEMINI, VLLM, refusal

REFUSED = {
    "endpoint's key instead of its variable": (
        VLLM + 'api_key_env = "sk-secret"',
        (
            "endpoints.vllm.api_key_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "no URL": (
        '[endpoints.v]\ndialect = "chat"',
        (
            'endpoints.v.base_url: missing; the dialect "chat" needs the URL of a '
            'server, for example "http://127.0.0.1:8000/v1"'
        ),
    ),
    "URL with a port that is none": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://gpu1:http/v1"',
        (
            'endpoints.v.base_url: "http://gpu1:http/v1" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "URL with a query": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://gpu1/v1?a=b"',
        (
            'endpoints.v.base_url: "http://gpu1/v1?a=b" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "URL with a password": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://me:secret@gpu1/v1"',
        (
            "endpoints.v.base_url: a URL is no place for a key or password; "
            "leave it out and name an environment variable"
        ),
    ),
    "embedded with a URL": (
        '[endpoints.v]\ndialect = "embedded"\nbase_url = "http://gpu1/v1"',
        (
            'endpoints.v.base_url: the dialect "embedded" has no server; '
            'leave it out, or use dialect = "chat"'
        ),
    ),
    "a place to keep what is no relay's": (
        VLLM + 'store = "here"',
        (
            'endpoints.vllm.store: what the dialect "chat" answers is kept here; '
            'leave it out, or use dialect = "gemini"'
        ),
    ),
    "Google without a key": (
        GEMINI,
        (
            "endpoints.g.api_key_env: missing; Google's server needs a key, for "
            'example that in "GEMINI_API_KEY"; for another server, give its base_url'
        ),
    ),
    "a relay at Azure": (
        GEMINI + 'base_url = "http://g/v1"\napi_version = "1"',
        (
            "endpoints.g.api_version: is for Azure resources; the dialect "
            '"gemini" has the version in base_url'
        ),
    ),
    "chat with threads": (
        VLLM + "threads = 2",
        (
            'endpoints.vllm.threads: the dialect "chat" does not compute here; '
            'leave it out, or use dialect = "embedded"'
        ),
    ),
    "no threads": (
        '[endpoints.v]\ndialect = "embedded"\nthreads = 0',
        "endpoints.v.threads: 0 is out of range; it should be above 0",
    ),
    "no time": (
        VLLM + "connect_timeout_seconds = 0",
        (
            "endpoints.vllm.connect_timeout_seconds: 0 is out of range; "
            "it should be above 0"
        ),
    ),
    "endless time": (
        VLLM + "first_byte_timeout_seconds = inf",
        (
            "endpoints.vllm.first_byte_timeout_seconds: inf is out of range; "
            "it should be above 0"
        ),
    ),
    "no time at all": (
        VLLM + "between_chunks_timeout_seconds = nan",
        (
            "endpoints.vllm.between_chunks_timeout_seconds: nan is out of range; "
            "it should be above 0"
        ),
    ),
    "name of a header": (
        VLLM + 'headers = { "X Team" = "a" }',
        'endpoints.vllm.headers: "X Team" is not the name of a header',
    ),
    "value of a header": (
        VLLM + 'headers = { X-Team = "a\\r\\nb" }',
        (
            "endpoints.vllm.headers.X-Team: "
            "a header has visible ASCII characters and spaces only"
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
