"""Refusals of what [server], [auth], [egress] and [background] ask for."""

from __future__ import annotations

import pytest

from openinteractions.config import Address, ConfigError, load
from tests.config.texts import refusal


def test_without_auth_there_is_no_list_of_keys() -> None:
    assert load(environ={}).accepted_keys is None


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True),
        ("127.9.9.9:0", Address("127.9.9.9", 0), True),
        ("localhost:65535", Address("localhost", 65535), True),
        ("[::1]:80", Address("::1", 80), True),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),  # noqa: S104
        ("[::]:80", Address("::", 80), False),
        ("10.0.0.1:80", Address("10.0.0.1", 80), False),
        ("localhost.example.com:80", Address("localhost.example.com", 80), False),
    ],
)
def test_an_address_is_read_and_written(
    text: str, address: Address, *, loopback: bool
) -> None:
    assert Address.parse(text) == address
    assert str(address) == text
    assert address.loopback is loopback


BAD_ADDRESSES = ["", ":", "8080", ":8080", "host:", "host:http", "host:65536"]
BAD_ADDRESSES += ["host:-1", "::1:80", "host:80:90", "host:٣"]


@pytest.mark.parametrize("text", BAD_ADDRESSES)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(http=text, environ={})

    assert str(raised.value) == (
        f'--http: "{text}" is not an address; '
        'write it as host:port, for example "127.0.0.1:8080" or "[::1]:8080"'
    )


REFUSED = {
    "address": (
        '[server]\ngrpc = "50051"',
        (
            'server.grpc: "50051" is not an address; '
            'write it as host:port, for example "127.0.0.1:8080" or "[::1]:8080"'
        ),
    ),
    "same address twice": (
        '[server]\nhttp = "127.0.0.1:80"\ngrpc = "127.0.0.1:80"',
        'server.grpc: "127.0.0.1:80" is the address of server.http',
    ),
    "open address without keys": (
        '[server]\nhttp = "0.0.0.0:80"',
        (
            'server.http: "0.0.0.0:80" can be reached from other machines and there is '
            "no [auth]; add [auth] with keys_env, or listen on 127.0.0.1"
        ),
    ),
    "open gRPC address without keys": (
        '[server]\ngrpc = "gpu1:80"',
        (
            'server.grpc: "gpu1:80" can be reached from other machines and there is '
            "no [auth]; add [auth] with keys_env, or listen on 127.0.0.1"
        ),
    ),
    "key instead of its variable": (
        '[auth]\nkeys_env = "sk-secret"',
        (
            "auth.keys_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "no body at all": (
        "[server]\nmax_body_bytes = 0",
        (
            "server.max_body_bytes: 0 is out of range; "
            "it should be between 1 and 2147483647"
        ),
    ),
    "body beyond gRPC": (
        "[server]\nmax_body_bytes = 2147483648",
        (
            "server.max_body_bytes: 2147483648 is out of range; "
            "it should be between 1 and 2147483647"
        ),
    ),
    "no bodies at all": (
        "[server]\nmax_bodies_bytes = 0",
        "server.max_bodies_bytes: 0 is out of range; it should be above 0",
    ),
    "no media at all": (
        "[server]\nmax_media_bytes = 0",
        "server.max_media_bytes: 0 is out of range; it should be above 0",
    ),
    "no grace at all": (
        "[server]\nshutdown_grace_seconds = -1",
        (
            "server.shutdown_grace_seconds: -1.0 is out of range; "
            "it should be between 0 and 86400"
        ),
    ),
    "no workers": (
        "[server]\nworkers = 0",
        "server.workers: 0 is out of range; it should be between 1 and 256",
    ),
    "half a worker": (
        "[server]\nworkers = 1.5",
        "server.workers: expected an integer, got a number",
    ),
    "trusted proxy": (
        '[server]\ntrusted_proxies = ["proxy.example"]',
        (
            'server.trusted_proxies: "proxy.example" is not a network; '
            'write for example "10.0.0.0/8"'
        ),
    ),
    "public URL": (
        '[server]\npublic_url = "ai.example.com"',
        (
            'server.public_url: "ai.example.com" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "allowed network with more than its bits": (
        '[egress]\nallow = ["10.0.0.0/8", "10.0.0.1/8"]',
        (
            'egress.allow: "10.0.0.1/8" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed host as a URL": (
        '[egress]\nallow = ["http://minio/"]',
        (
            'egress.allow: "http://minio/" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed address that is none": (
        '[egress]\nallow = ["10.0.0.256"]',
        (
            'egress.allow: "10.0.0.256" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed is no list": (
        '[egress]\nallow = "10.0.0.0/8"',
        "egress.allow: expected a list, got a string",
    ),
    "allowed is no text": (
        "[egress]\nallow = [10]",
        "egress.allow[0]: expected a string, got an integer",
    ),
    "no time to read": (
        "[egress]\ntimeout_seconds = 0",
        "egress.timeout_seconds: 0 is out of range; it should be above 0",
    ),
    "nothing to read": (
        "[egress]\nmax_bytes = 0",
        "egress.max_bytes: 0 is out of range; it should be above 0",
    ),
    "no place": (
        "[background]\nconcurrency = 0",
        "background.concurrency: 0 is out of range; it should be above 0",
    ),
    "no queue": (
        "[background]\nqueue = -1",
        "background.queue: -1 is out of range; it should be above 0",
    ),
    "no time to live": (
        "[background]\ndeadline_seconds = 0.5",
        (
            "background.deadline_seconds: 0.5 is out of range; "
            "it should be between 1 and 3600"
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
