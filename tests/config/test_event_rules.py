"""[events]: how to get into NATS, and every refusal in full."""

from __future__ import annotations

import pytest

from openinteractions.config import show, unset_variables
from tests.config.texts import loaded, refusal

EVENTS = """
[events]
url = "tls://nats1,tls://[::1]:4223"
token_env = "NATS_TOKEN"
replicas = 3
"""


def test_how_to_get_into_nats_comes_from_the_environment_and_is_not_shown() -> None:
    config = loaded(EVENTS, NATS_TOKEN="s3cret")

    assert config.events.urls == ("tls://nats1:4222", "tls://[::1]:4223")
    assert config.environment["NATS_TOKEN"] == "s3cret"
    text = show(config)
    assert "s3cret" not in text
    assert (
        """\
[events]
url = "tls://nats1,tls://[::1]:4223"
token_env = "NATS_TOKEN"  # set
stream = "openinteractions"
storage = "file"
replicas = 3
max_age_seconds = 3600
max_bytes = 1073741824
"""
        in text
    )
    assert unset_variables(loaded(EVENTS)) == [
        (
            "events.token_env: the environment variable NATS_TOKEN is not set; it "
            "should have the token for NATS"
        )
    ]


REFUSED = {
    "events elsewhere": (
        '[events]\nurl = "redis://host"',
        (
            'events.url: "redis://host" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "events at no port": (
        '[events]\nurl = "nats://a:4222,nats://b:0"',
        (
            'events.url: "nats://b:0" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "events with a path": (
        '[events]\nurl = "nats://a:4222/x"',
        (
            'events.url: "nats://a:4222/x" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "a password in the events' URL": (
        '[events]\nurl = "nats://user:s3cret@host"',
        (
            "events.url: a URL is no place for a password or token; "
            "leave it out and use user and password_env, or token_env"
        ),
    ),
    "events half in the clear": (
        '[events]\nurl = "nats://a,tls://b"',
        "events.url: has nats:// and tls://; use one of them for all",
    ),
    "NATS settings without NATS": (
        "[events]\nreplicas = 3",
        ('events.replicas: is for NATS; add url = "nats://host:4222", or leave it out'),
    ),
    "a user without a password": (
        '[events]\nurl = "nats://a"\nuser = "oi"',
        "events.user: is of no use without password_env",
    ),
    "a password without a user": (
        '[events]\nurl = "nats://a"\npassword_env = "P"',
        "events.password_env: is of no use without user",
    ),
    "a token itself": (
        '[events]\nurl = "nats://a"\ntoken_env = "s3cret-token"',
        (
            "events.token_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "two ways in": (
        '[events]\nurl = "nats://a"\ntoken_env = "T"\ncredentials_file = "c"',
        "events.credentials_file: is of no use beside token_env; use one",
    ),
    "certificates without TLS": (
        '[events]\nurl = "nats://a"\nca_file = "ca.pem"',
        "events.ca_file: is for TLS; write the url with tls://",
    ),
    "a certificate without its key": (
        '[events]\nurl = "tls://a"\ncert_file = "c.pem"',
        "events.cert_file: is of no use without key_file",
    ),
    "a stream with a dot": (
        '[events]\nurl = "nats://a"\nstream = "open.interactions"',
        (
            'events.stream: "open.interactions" is not a name of a stream; '
            'use letters, digits, "-" and "_"'
        ),
    ),
    "too many replicas": (
        '[events]\nurl = "nats://a"\nreplicas = 6',
        "events.replicas: 6 is out of range; it should be between 1 and 5",
    ),
    "events on paper": (
        '[events]\nurl = "nats://a"\nstorage = "paper"',
        'events.storage: expected one of "file", "memory", got "paper"',
    ),
    "events for no time": (
        '[events]\nurl = "nats://a"\nmax_age_seconds = 0',
        (
            "events.max_age_seconds: 0.0 is out of range; "
            "it should be between 1 and 31536000"
        ),
    ),
    "no room for events": (
        '[events]\nurl = "nats://a"\nmax_bytes = 0',
        "events.max_bytes: 0 is out of range; it should be above 0",
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
