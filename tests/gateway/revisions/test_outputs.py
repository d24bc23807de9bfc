"""Contract §3, §4.2, §4.4: interactions of the hub in the older revision."""

import json
from pathlib import Path
from typing import Any

import pytest

from openinteractions.gateway.revisions import LOSSES, Revision, render
from openinteractions.gateway.revisions.outputs import (
    downgrade_interaction,
    upgrade_interaction,
)

HUB = Path(__file__).parent / "hub"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "contract"

HI = {"type": "text", "text": "Hi"}
IMAGE = {"type": "image", "uri": "https://i"}
CALL = {"type": "function_call", "id": "c", "name": "f", "arguments": {}}
RESULT = {"type": "function_result", "call_id": "c", "result": "ok"}
THOUGHT = {"type": "thought", "signature": "c2ln"}

# What we say beyond the recorded body: early clients know thought tokens by another
# name, and both names are sent to everyone (contract §3).
BEYOND = "total_reasoning_tokens"


class Opaque:
    """JSON that is encoded already; nothing of it can be read."""


def says(*contents: Any) -> dict[str, Any]:
    return {"type": "user_input", "content": list(contents)}


def answers(*contents: Any) -> dict[str, Any]:
    return {"type": "model_output", "content": list(contents)}


def outputs(*steps: Any, **members: Any) -> Any:
    return downgrade_interaction({"steps": list(steps), **members})["outputs"]


@pytest.mark.parametrize("path", sorted(HUB.glob("*.json")), ids=lambda path: path.stem)
def test_the_bodies_that_older_sdks_accept_come_out(path: Path) -> None:
    recorded = json.loads((FIXTURES / path.name).read_text())["response"]["json"]
    if "total_thought_tokens" in recorded.get("usage", {}):
        recorded["usage"][BEYOND] = recorded["usage"]["total_thought_tokens"]

    assert downgrade_interaction(json.loads(path.read_text())) == recorded


@pytest.mark.parametrize("path", sorted(HUB.glob("*.json")), ids=lambda path: path.stem)
def test_the_same_bodies_lead_back_to_the_hub(path: Path) -> None:
    hub = json.loads(path.read_text())
    generated = [s for s in hub.get("steps", []) if s["type"] != "user_input"]
    if "steps" in hub:
        hub["steps"] = generated

    assert upgrade_interaction(downgrade_interaction(hub)) == hub


def test_a_body_with_both_revisions_holds_the_same_answer_twice() -> None:
    fixture = FIXTURES / "both_dual_outputs_and_steps.json"
    dual = json.loads(fixture.read_text())["response"]["json"]

    assert outputs(*dual["steps"]) == dual["outputs"]


@pytest.mark.parametrize(
    ("steps", "generated"),
    [
        pytest.param([says(HI), THOUGHT, answers(IMAGE)], [THOUGHT, IMAGE], id="get"),
        pytest.param([THOUGHT, answers(HI, IMAGE)], [THOUGHT, HI, IMAGE], id="create"),
        pytest.param([says(HI)], [], id="nothing yet"),
        pytest.param([], [], id="no steps"),
        pytest.param([RESULT, RESULT, answers(HI)], [HI], id="after results"),
        pytest.param([says(HI), CALL, RESULT, answers(HI)], [HI], id="after a history"),
        pytest.param(
            [says(HI), answers(IMAGE), says(HI), CALL], [CALL], id="the last turn only"
        ),
    ],
)
def test_outputs_are_what_the_model_did_in_this_interaction(
    steps: list[Any], generated: list[Any]
) -> None:
    assert outputs(*steps, model="m") == generated


def test_the_results_of_an_agents_own_functions_are_outputs() -> None:
    steps = [says(HI), CALL, RESULT, answers(HI)]

    assert outputs(*steps, agent="a") == [CALL, RESULT, HI]


def test_steps_and_annotations_that_came_later_are_left_out() -> None:
    word = {"type": "word_info", "text": "Hi"}
    speech = {"type": "speech_metadata", "speaker": "A"}
    url = {"type": "url_citation", "title": "T"}

    assert outputs(
        {"type": "retrieval_call", "id": "r"},
        {"type": "retrieval_result", "call_id": "r"},
        {"type": "processing_call", "id": "p"},
        {"type": "processing_result", "call_id": "p"},
        answers({**HI, "annotations": [word, url]}, {**HI, "annotations": [speech]}),
        {"type": "model_output", "error": {"code": 13}},
    ) == [{**HI, "annotations": [url]}, HI]


def test_names_of_early_and_late_clients_stand_side_by_side() -> None:
    place = {"type": "place_citation", "url": "https://p"}
    file = {"type": "file_citation", "document_uri": "gs://d"}
    own = {"type": "file_citation", "document_uri": "gs://d", "source": "s"}
    other = {"type": "hologram_citation"}
    cited = {**HI, "annotations": [place, file, own, other]}

    assert outputs(
        {**THOUGHT, "summary": [cited]},
        {
            "type": "google_search_result",
            "result": [{"search_suggestions": "<x/>"}, {}],
        },
        answers({"type": "audio", "uri": "https://a", "sample_rate": 8000}),
    ) == [
        {
            **THOUGHT,
            "summary": [
                {
                    **HI,
                    "annotations": [
                        {**place, "source": "https://p"},
                        {**file, "source": "gs://d"},
                        *(own, other),
                    ],
                }
            ],
        },
        {
            "type": "google_search_result",
            "result": [{"search_suggestions": "<x/>", "rendered_content": "<x/>"}, {}],
        },
        {"type": "audio", "uri": "https://a", "sample_rate": 8000, "rate": 8000},
    ]


def test_encoded_json_is_carried_and_never_looked_into() -> None:
    step, result, annotations, usage, given = (Opaque() for _ in range(5))
    hub = {
        "steps": [
            step,
            {**CALL, "arguments": result},
            {"type": "google_search_result", "result": result},
            {**THOUGHT, "summary": result},
            answers({**HI, "annotations": annotations}, step),
        ],
        "usage": usage,
        "input": given,
        "response_format": result,
    }

    assert downgrade_interaction(hub) == {
        "outputs": [
            step,
            {**CALL, "arguments": result},
            {"type": "google_search_result", "result": result},
            {**THOUGHT, "summary": result},
            {**HI, "annotations": annotations},
            step,
        ],
        "usage": usage,
        "input": given,
        "response_format": result,
    }


@pytest.mark.parametrize(
    ("members", "role"),
    [({"model": "m"}, "model"), ({"agent": "a"}, "agent"), ({}, None)],
)
def test_the_role_is_who_answers(members: dict[str, str], role: str | None) -> None:
    assert downgrade_interaction({"id": "v1_x", **members}).get("role") == role


def test_members_that_came_later_are_left_out_and_errors_are_not() -> None:
    kept = {
        "id": "v1_x",
        "status": "failed",
        "object": "interaction",
        "previous_interaction_id": "v1_p",
        "system_instruction": "s",
        "tools": [{"type": "function", "name": "f"}],
        "response_modalities": ["text"],
        "agent_config": {"type": "dynamic"},
        "service_tier": "flex",
        "webhook_config": {"uris": []},
        "errors": [{"code": "unavailable", "message": "Upstream left."}],
        "something_new": 1,
    }
    lost = {
        "generation_config": {},
        "cached_content": "c",
        "environment": "remote",
        "environment_id": "e",
        "safety_settings": [],
        "labels": {},
        "continuation_token": "t",
        "continuation_ids": [],
    }

    assert downgrade_interaction(kept | lost) == kept


SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("value", "older"),
    [
        pytest.param(
            {"type": "text", "mime_type": "application/json", "schema": SCHEMA},
            {"response_format": SCHEMA, "response_mime_type": "application/json"},
            id="typed",
        ),
        pytest.param(
            {"type": "text", "mime_type": "text/plain"},
            {"response_mime_type": "text/plain"},
            id="no schema",
        ),
        pytest.param(
            {"type": "text", "schema": SCHEMA},
            {"response_format": SCHEMA},
            id="only one",
        ),
        pytest.param({"type": "text"}, {}, id="text as such"),
        pytest.param(SCHEMA, {"response_format": SCHEMA}, id="bare"),
        pytest.param({"type": "image", "image_size": "1K"}, {}, id="image"),
        pytest.param(
            [{"type": "audio"}, {"type": "text", "schema": SCHEMA}],
            {"response_format": SCHEMA},
            id="the text of several",
        ),
        pytest.param([{"type": "audio"}, {"type": "video"}], {}, id="no text at all"),
    ],
)
def test_response_formats_are_a_schema_and_a_media_type(value: Any, older: Any) -> None:
    assert downgrade_interaction({"response_format": value}) == older


@pytest.mark.parametrize(
    ("given", "older"),
    [
        pytest.param("Hi", "Hi", id="a string"),
        pytest.param(IMAGE, IMAGE, id="one content"),
        pytest.param([HI, IMAGE], [HI, IMAGE], id="contents"),
        pytest.param([RESULT, RESULT], [RESULT, RESULT], id="results alone"),
        pytest.param(
            [{"type": "retrieval_call"}, CALL, RESULT], [CALL, RESULT], id="calls alone"
        ),
        pytest.param([says(HI)], [{"role": "user", "content": "Hi"}], id="one step"),
        pytest.param(
            [says(IMAGE)], [{"role": "user", "content": [IMAGE]}], id="one image"
        ),
        pytest.param(
            [
                *(says(HI, IMAGE), THOUGHT, answers(HI), CALL, RESULT, says(HI)),
                *({"type": "processing_call"}, answers(HI)),
            ],
            [
                {"role": "user", "content": [HI, IMAGE]},
                {"role": "model", "content": [THOUGHT, HI, CALL]},
                {"role": "user", "content": [RESULT, HI]},
                {"role": "model", "content": "Hi"},
            ],
            id="a history",
        ),
        pytest.param(
            [answers(HI), answers(HI), answers(), THOUGHT, answers(IMAGE)],
            [
                {"role": "model", "content": "Hi"},
                {"role": "model", "content": "Hi"},
                {"role": "model", "content": []},
                {"role": "model", "content": [THOUGHT, IMAGE]},
            ],
            id="messages that follow each other",
        ),
    ],
)
def test_input_is_given_back_in_a_form_that_older_clients_know(
    given: Any, older: Any
) -> None:
    assert downgrade_interaction({"input": given}) == {"input": older}


def test_an_interaction_is_rendered_in_the_revision_asked_for() -> None:
    hub = {"id": "v1_x", "steps": [answers(HI)]}

    assert render(hub, Revision.STEPS) is hub
    assert render(hub, Revision.OUTPUTS) == {"id": "v1_x", "outputs": [HI]}


def test_every_loss_has_a_reason_and_is_listed_once() -> None:
    assert all(loss.reason for loss in LOSSES)
    assert len({loss.place for loss in LOSSES}) == len(LOSSES)
