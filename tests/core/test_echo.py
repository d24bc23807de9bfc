"""Secrets of a request are in no answer."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from google.protobuf.message import Message

from openinteractions.core.echo import conceal
from openinteractions.v1.interaction_pb2 import Interaction


def interaction(text: str) -> Message:
    return text_format.Parse(text, Interaction())


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param(
            """model: "m" tools { function { name: "f" } } tools { mcp_server {
                name: "s" url: "https://a/" allowed_tools { tools: "t" }
                headers { key: "authorization" value: "Bearer secret" }
            } }""",
            """model: "m" tools { function { name: "f" } } tools { mcp_server {
                name: "s" url: "https://a/" allowed_tools { tools: "t" }
            } }""",
            id="headers for a tool's server",
        ),
        pytest.param(
            """tools { retrieval {
                exa_ai_search_config { api_key: "secret" custom_config: "{}" }
                parallel_ai_search_config { api_key: "secret" }
            } }""",
            """tools { retrieval {
                exa_ai_search_config { custom_config: "{}" }
                parallel_ai_search_config { }
            } }""",
            id="keys of search services",
        ),
        pytest.param(
            """environment { spec { env { key: "A" value { text: "b" } } } }
            labels { key: "headers" value: "kept" } system_instruction: "api_key" """,
            """environment { spec { env { key: "A" value { text: "b" } } } }
            labels { key: "headers" value: "kept" } system_instruction: "api_key" """,
            id="nothing else",
        ),
    ],
)
def test_what_only_requests_have_is_cleared(given: str, left: str) -> None:
    made = interaction(given)
    conceal(made)

    assert made == interaction(left)
