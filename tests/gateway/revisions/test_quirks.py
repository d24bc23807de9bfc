"""What clients send beside the contract's forms: nulls, wrappers, older names."""

from typing import Any

import pytest

from openinteractions.gateway.revisions import upgrade
from tests.gateway.revisions.forms import (
    CALL,
    HI,
    IMAGE,
    RESULT,
    THOUGHT,
    YO,
    answers,
    says,
)


def unknown(raw: Any) -> dict[str, Any]:
    return {"type": "UNKNOWN", "raw": raw, "is_unknown": True}


def test_free_form_json_may_be_nested_as_deeply_as_it_likes() -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    body = {"input": [{**CALL, "arguments": deep}]}

    assert upgrade(body).body == body


def test_nulls_are_absent_except_in_free_form_json() -> None:
    free = {"default": None, "list": [None]}
    body = {
        "model": "m",
        "previous_interaction_id": None,
        "input": [
            says({**HI, "annotations": None}),
            {**THOUGHT, "summary": None},
            {**CALL, "arguments": free, "signature": None},
            {**RESULT, "result": free, "is_error": None},
            {**RESULT, "result": [{**HI, "annotations": None}, {"kept": None}]},
            {"type": "google_maps_result", "call_id": "c", "result": [{"a": None}]},
            {"type": "file_search_result", "call_id": "c", "result": [{"a": None}]},
            {
                "type": "code_execution_call",
                "arguments": {"code": "1", "language": None},
            },
        ],
        "tools": [
            {"type": "function", "name": "f", "description": None, "parameters": free}
        ],
        "response_format": [{"type": "text", "mime_type": None, "schema": free}],
        "generation_config": {"temperature": None, "stop_sequences": ["x"]},
        "webhook_config": {"uris": None, "user_metadata": free},
        "agent_config": {"type": "dynamic", "kept": None},
    }

    assert upgrade(body).body == {
        "model": "m",
        "input": [
            says(HI),
            THOUGHT,
            {**CALL, "arguments": free},
            {**RESULT, "result": free},
            {**RESULT, "result": [HI, {"kept": None}]},
            {"type": "google_maps_result", "call_id": "c", "result": [{}]},
            {"type": "file_search_result", "call_id": "c", "result": [{"a": None}]},
            {"type": "code_execution_call", "arguments": {"code": "1"}},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": free}],
        "response_format": [{"type": "text", "schema": free}],
        "generation_config": {"stop_sequences": ["x"]},
        "webhook_config": {"user_metadata": free},
        "agent_config": {"type": "dynamic", "kept": None},
    }


def test_a_bare_schema_is_left_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"default": None}}}
    body = {"response_format": schema, "response_mime_type": "application/json"}

    assert upgrade(body).body == body


def test_wrappers_of_unknown_variants_are_taken_off_everywhere() -> None:
    body = {
        "input": [
            unknown({"type": "user_input", "content": "Hi"}),
            says(unknown(unknown(IMAGE))),
            {**RESULT, "result": [unknown(HI)]},
            unknown({"role": "model", "content": "Yo"}),
        ],
        "tools": [unknown({"type": "retrieval", "retrieval_types": None})],
        "response_format": unknown({"type": "object", "default": None}),
        "agent_config": unknown({"type": "antigravity", "model": None}),
        "generation_config": {"tool_choice": unknown("auto")},
    }

    assert upgrade(body).body == {
        "input": [says(HI), says(IMAGE), {**RESULT, "result": [HI]}, answers(YO)],
        "tools": [{"type": "retrieval"}],
        "response_format": {"type": "object", "default": None},
        "agent_config": {"type": "antigravity"},
        "generation_config": {"tool_choice": "auto"},
    }


@pytest.mark.parametrize(
    ("result", "hub"),
    [
        pytest.param(
            {"items": [HI, "a"]}, [HI, {"type": "text", "text": "a"}], id="list"
        ),
        pytest.param({"items": ["a"]}, {"items": ["a"]}, id="strings may be a result"),
        pytest.param({"items": [HI, 1]}, {"items": [HI, 1]}, id="not only contents"),
        pytest.param({"items": HI}, {"items": HI}, id="no list"),
        pytest.param({"items": [HI], "n": 1}, {"items": [HI], "n": 1}, id="and more"),
    ],
)
def test_the_early_list_form_of_results_is_a_list(result: Any, hub: Any) -> None:
    for kind in ("function_result", "mcp_server_tool_result"):
        sent = {"input": [{"type": kind, "call_id": "c", "result": result}]}

        assert upgrade(sent).body["input"][0]["result"] == hub


def test_what_older_clients_were_given_beside_the_hubs_names_is_taken_off() -> None:
    url = {"type": "url_citation", "url": "https://e", "end_index": 1}
    place = {"type": "place_citation", "name": "P", "url": "https://p"}
    file = {"type": "file_citation", "document_uri": "gs://d"}
    own = {"type": "file_citation", "document_uri": "gs://d", "source": "other"}
    turn = [
        {
            "type": "text",
            "text": "A",
            "annotations": [
                {**url, "source": "https://e"},
                {**place, "source": "https://p"},
                {**file, "source": "gs://d"},
                own,
                {"source": "https://old", "start_index": 0},
                url,
                7,
            ],
        },
        {"type": "audio", "uri": "https://a", "sample_rate": 8000, "rate": 8000},
        {"type": "audio", "uri": "https://a", "rate": 8000},
        {
            "type": "google_search_result",
            "result": [
                {"search_suggestions": "<x/>", "rendered_content": "<x/>"},
                {"rendered_content": "<y/>"},
                {"search_suggestions": "<z/>"},
                7,
            ],
        },
        {"type": "google_search_result", "result": "for the codec"},
    ]

    hub = upgrade({"input": [{"role": "model", "content": turn}]}).body["input"]

    assert hub == [
        answers(
            {
                "type": "text",
                "text": "A",
                "annotations": [
                    *(url, place, file, own),
                    {"type": "url_citation", "url": "https://old", "start_index": 0},
                    *(url, 7),
                ],
            },
            {"type": "audio", "uri": "https://a", "sample_rate": 8000},
            {"type": "audio", "uri": "https://a", "rate": 8000},
        ),
        {
            "type": "google_search_result",
            "result": [
                {"search_suggestions": "<x/>"},
                {"rendered_content": "<y/>"},
                {"search_suggestions": "<z/>"},
                7,
            ],
        },
        {"type": "google_search_result", "result": "for the codec"},
    ]


@pytest.mark.parametrize(
    ("body", "config"),
    [
        (
            {"agent": "deep-research-pro-preview-12-2025", "agent_config": {}},
            "deep-research",
        ),
        ({"agent": "mine", "agent_config": {"x": 1}}, "dynamic"),
        ({"agent_config": {"x": 1}}, "dynamic"),
        ({"agent": "mine", "agent_config": {"type": "antigravity"}}, "antigravity"),
    ],
)
def test_an_agent_config_without_a_type_gets_the_agents(body: Any, config: str) -> None:
    assert upgrade(body).body["agent_config"]["type"] == config


def test_an_agent_config_that_is_no_object_is_for_the_codec() -> None:
    assert upgrade({"agent_config": "x"}).body == {"agent_config": "x"}
