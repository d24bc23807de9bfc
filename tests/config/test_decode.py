"""Refusals of the file's shape: words that nobody knows and values of other types."""

from __future__ import annotations

import pytest

from tests.config.texts import refusal

REFUSED = {
    "not TOML": ("a = ", "is not TOML: Invalid value (at end of document)"),
    "unknown table": ("[sevrer]", "sevrer: unknown table; did you mean server?"),
    "unknown key at the top": (
        "http = 1",
        (
            "http: unknown table; known are server, auth, store, events, background, "
            "files, objects, egress, endpoints, models, agents"
        ),
    ),
    "unknown key": (
        '[server]\nhtp = "x"',
        "server.htp: unknown key; did you mean http?",
    ),
    "unknown key, nothing close": (
        '[models."a.b"]\nendpoint = "x"\nzzz = 1',
        'models."a.b".zzz: unknown key; known are endpoint, upstream, profile',
    ),
    "unknown key in a nested table": (
        '[models.a]\nendpoint = "e"\n[models.a.profile]\nvison = true',
        "models.a.profile.vison: unknown key; did you mean vision?",
    ),
    "table is no table": ("server = 1", "server: expected a table, got an integer"),
    "table is a list": (
        '[[server]]\nhttp = ""',
        "server: expected a table, got a list",
    ),
    "models is no table": (
        "models = true",
        "models: expected a table, got true or false",
    ),
    "model is no table": (
        "[models]\na = 1",
        "models.a: expected a table, got an integer",
    ),
    "string expected": (
        "[server]\nhttp = 8080",
        "server.http: expected a string, got an integer",
    ),
    "a list is no string": (
        '[server]\nhttp = ["127.0.0.1:80"]',
        "server.http: expected a string, got a list",
    ),
    "header is no string": (
        '[endpoints.v]\ndialect = "chat"\nheaders = { A = 1 }',
        "endpoints.v.headers: expected a string, got an integer",
    ),
    "integer expected": (
        '[endpoints.v]\ndialect = "embedded"\nthreads = 1.5',
        "endpoints.v.threads: expected an integer, got a number",
    ),
    "boolean expected": (
        '[models.a]\nendpoint = "e"\nprofile = { vision = "yes" }',
        "models.a.profile.vision: expected true or false, got a string",
    ),
    "boolean or string expected": (
        '[models.a]\nendpoint = "e"\nprofile = { reasoning = 1 }',
        (
            "models.a.profile.reasoning: expected true or false or a string, "
            "got an integer"
        ),
    ),
    "unknown word": (
        '[server]\ndefault_revision = "new"',
        'server.default_revision: expected one of "steps", "outputs", got "new"',
    ),
    "unknown dialect": (
        '[endpoints.v]\ndialect = "openai"',
        (
            'endpoints.v.dialect: expected one of "chat", "responses", "gemini", '
            '"embedded", "scripted", got "openai"'
        ),
    ),
    "unknown word or boolean": (
        '[models.a]\nendpoint = "e"\nprofile = { tools = "maybe" }',
        (
            "models.a.profile.tools: expected one of true, false, "
            '"native", "constrained", got "maybe"'
        ),
    ),
    "unknown word in a list": (
        '[models.a]\nendpoint = "e"\nprofile = { remote_urls = ["image", "sound"] }',
        (
            'models.a.profile.remote_urls[1]: expected one of "image", "audio", '
            '"video", "document", got "sound"'
        ),
    ),
    "boolean or list expected": (
        '[models.a]\nendpoint = "e"\nprofile = { files = "pdf" }',
        "models.a.profile.files: expected true or false or a list, got a string",
    ),
    "required key": (
        "[auth]",
        "auth.keys_env: missing; it is required in [auth]",
    ),
    "required key of a named table": (
        '[models."a.b"]\nupstream = "x"',
        'models."a.b".endpoint: missing; it is required in [models."a.b"]',
    ),
    "unquoted name of a model": (
        '[models.gemini-2.5-flash]\nendpoint = "vllm"',
        (
            "models.gemini-2.5-flash: a table within a table; "
            'a name with dots in it needs quotes: [models."gemini-2.5-flash"]'
        ),
    ),
    "unquoted name with several dots": (
        '[models.a.b.c]\nendpoint = "vllm"\nupstream = "x"',
        (
            "models.a.b.c: a table within a table; "
            'a name with dots in it needs quotes: [models."a.b.c"]'
        ),
    ),
    "unquoted name of a profile": (
        "[models.gpt-4.1.profile]\nvision = false",
        (
            "models.gpt-4.1: a table within a table; "
            'a name with dots in it needs quotes: [models."gpt-4.1"]'
        ),
    ),
    "unquoted name of an endpoint": (
        '[endpoints.gpu.one]\ndialect = "chat"',
        (
            "endpoints.gpu.one: a table within a table; "
            'a name with dots in it needs quotes: [endpoints."gpu.one"]'
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
