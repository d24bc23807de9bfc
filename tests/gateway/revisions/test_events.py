"""Contract §6.3, §6.4: streams of the hub in the older revision."""

import json
from pathlib import Path
from typing import Any

import pytest

from openinteractions.gateway.revisions import (
    EventTranslator,
    Revision,
    RevisionError,
    translate,
)
from openinteractions.gateway.revisions.outputs import Place, upgrade_events
from tests.gateway.revisions.transcripts import GOLDEN, replay

HUB = Path(__file__).parent / "hub"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "contract"

Event = dict[str, Any]


class Opaque:
    """JSON that is encoded already; nothing of it can be read."""


def start(index: int, kind: str, **members: Any) -> Event:
    step = {"type": kind, **members}
    return {"event_type": "step.start", "index": index, "step": step}


def delta(index: int, kind: str, **members: Any) -> Event:
    added = {"type": kind, **members}
    return {"event_type": "step.delta", "index": index, "delta": added}


def stop(index: int) -> Event:
    return {"event_type": "step.stop", "index": index}


def numbered(events: list[Event]) -> list[Event]:
    return [event | {"event_id": f"e{n}"} for n, event in enumerate(events, 1)]


def translated(events: list[Event], last_event_id: str | None = None) -> list[Event]:
    _, translator = translate(
        Revision.OUTPUTS, last_event_id=last_event_id, raw=json.loads
    )
    assert translator is not None
    older = [event for one in events for event in translator.feed(one)]
    return older + translator.close()


def beyond(recorded: Any) -> Any:
    """Add to a recorded event the names that we send for early clients as well.

    Contract §3 (thought tokens), §4.2 (search results), §4.4 (citations).
    """
    match recorded:
        case {"interaction": {"usage": usage}}:
            usage["total_reasoning_tokens"] = usage["total_thought_tokens"]
        case {"delta": {"type": "google_search_result", "result": [item]}}:
            item["rendered_content"] = item["search_suggestions"]
        case {"delta": {"type": "text_annotation", "annotations": [citation]}}:
            citation["source"] = citation["url"]
    return recorded


def streams() -> list[Path]:
    return sorted(HUB.glob("*.jsonl"))


@pytest.mark.parametrize("path", streams(), ids=lambda path: path.stem)
def test_the_streams_that_older_sdks_accept_come_out(path: Path) -> None:
    fixture = json.loads((FIXTURES / f"{path.stem}.json").read_text())
    recorded = [beyond(block["data"]) for block in fixture["response"]["sse"]]
    events = [json.loads(line) for line in path.read_text().splitlines()]
    last_event_id = fixture["call"]["args"].get("last_event_id")

    assert [*translated(events, last_event_id), "[DONE]"] == recorded


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem
)
def test_streams_come_out_as_recorded(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert list(replay(lines)) == lines


@pytest.mark.parametrize("path", streams(), ids=lambda path: path.stem)
def test_older_streams_survive_the_way_over_the_hub(path: Path) -> None:
    older = translated([json.loads(line) for line in path.read_text().splitlines()])

    assert translated(list(upgrade_events(older, text=json.dumps))) == older


def test_arguments_are_embedded_as_the_caller_makes_them() -> None:
    translator = EventTranslator(raw=lambda text: ("raw", text))

    for event in (
        start(0, "function_call", id="c", name="f", arguments=Opaque()),
        delta(0, "arguments_delta", arguments='{"a":'),
        delta(0, "arguments_delta", arguments="1}"),
        delta(0, "arguments_delta"),
    ):
        assert translator.feed(event) == []
    _, whole, _ = translator.feed(stop(0))

    assert whole["delta"]["arguments"] == ("raw", '{"a":1}')


def test_arguments_that_a_start_has_are_used_when_no_piece_comes() -> None:
    arguments = Opaque()
    events = [start(0, "function_call", id="c", name="f", arguments=arguments), stop(0)]

    assert translated(events)[1]["delta"]["arguments"] is arguments


def test_a_call_without_arguments_has_none_of_them() -> None:
    events = [start(0, "function_call", id="c", name="f"), stop(0)]

    assert translated(events)[1]["delta"]["arguments"] == {}


def test_opaque_steps_are_carried_and_opaque_pieces_are_left_out() -> None:
    step, piece = Opaque(), Opaque()
    events = [
        {"event_type": "step.start", "index": 0, "step": step},
        {"event_type": "step.delta", "index": 0, "delta": piece},
        stop(0),
        start(1, "model_output", content=[piece]),
        {"event_type": "step.delta", "index": 1, "delta": piece},
        stop(1),
        start(2, "file_search_call", id="s"),
        {"event_type": "step.delta", "index": 2, "delta": piece},
        stop(2),
    ]

    assert translated(events) == [
        {"index": 0, "content": step, "event_type": "content.start"},
        {"index": 0, "event_type": "content.stop"},
        {"index": 1, "content": {"type": "file_search_call"}}
        | {"event_type": "content.start"},
        {"index": 1, "delta": {"type": "file_search_call", "id": "s"}}
        | {"event_type": "content.delta"},
        {"index": 1, "event_type": "content.stop"},
    ]


def test_an_opaque_event_is_left_out() -> None:
    translator = EventTranslator(raw=json.loads)

    assert translator.feed(Opaque()) == []


def test_deltas_of_a_type_that_nobody_knows_pass() -> None:
    events = [start(0, "model_output"), delta(0, "hologram", z=1), stop(0)]

    assert [event.get("delta") for event in translated(events)] == [
        None,
        {"type": "hologram", "z": 1},
        None,
    ]


def test_an_empty_message_has_no_output_and_takes_no_index() -> None:
    events = [start(0, "model_output"), stop(0), start(1, "thought"), stop(1)]

    assert [event["index"] for event in translated(events)] == [0, 0]


def test_events_after_an_open_call_wait_for_it() -> None:
    events = numbered(
        [
            start(0, "model_output"),
            delta(0, "text", text="A"),
            start(1, "function_call", id="c", name="f"),
            delta(0, "text", text="B"),
            stop(0),
            stop(1),
        ]
    )

    older = translated(events)

    assert [event["index"] for event in older] == [0, 0, 1, 1, 1, 0, 0]
    assert [event.get("event_id") for event in older] == [
        *(None, "e2"),
        *(None, None, None, None, "e6"),
    ]


def test_a_step_that_begins_again_voids_the_open_call_and_what_waits() -> None:
    events = [
        start(0, "thought"),
        start(1, "function_call", id="c", name="f"),
        delta(0, "thought_signature", signature="c2ln"),
        start(2, "function_call", id="d", name="g"),
        {"event_type": "interaction.status_update", "status": "in_progress"},
        stop(0),
        start(1, "function_call", id="e", name="h"),
        stop(1),
    ]

    older = translated(events)

    assert [event["event_type"] for event in older] == [
        *("content.start", "content.delta", "interaction.status_update"),
        *("content.stop", "content.start", "content.delta", "content.stop"),
    ]
    assert older[-2]["delta"]["id"] == "e"
    assert older[-2]["index"] == 1


def test_a_whole_stream_that_begins_again_is_numbered_anew() -> None:
    once = [
        start(0, "model_output"),
        delta(0, "text", text="A"),
        delta(0, "image", uri="https://i"),
        start(1, "thought"),
    ]

    older = translated(once + once)

    assert older[: len(older) // 2] == older[len(older) // 2 :]


def test_many_parallel_calls_are_written_without_recursion() -> None:
    count = 1500
    events = [start(n, "function_call", id=str(n), name="f") for n in range(count)]
    events += [stop(n) for n in reversed(range(count))]

    older = translated(events)

    assert [event["index"] for event in older[::3]] == list(range(count))


def test_two_open_calls_are_dropped_when_the_stream_ends() -> None:
    events = [start(n, "function_call", id="c", name="f") for n in range(2)]

    assert translated(events) == []


@pytest.mark.parametrize(
    ("events", "indices"),
    [
        pytest.param([start(2, "thought")], [2], id="a step begins"),
        pytest.param(
            [delta(2, "text", text="B"), start(3, "thought")], [2, 3], id="text"
        ),
        pytest.param(
            [delta(1, "thought_signature", signature="")], [1], id="a thought"
        ),
        pytest.param([stop(4), start(5, "thought")], [4, 5], id="a step ends"),
        pytest.param(
            [
                delta(0, "text", text="A"),
                delta(1, "text", text="B"),
                start(2, "thought"),
            ],
            [0, 1, 2],
            id="two steps are open",
        ),
        pytest.param(
            [delta(1, "image", uri="https://i"), start(2, "thought")],
            [1, 2, 2, 3],
            id="an image after text",
        ),
        pytest.param(
            [start(1, "retrieval_call"), stop(1), start(2, "thought")],
            [1],
            id="a step without an output",
        ),
        pytest.param(
            [delta(1, "arguments_delta", arguments="{}"), stop(1)],
            [1, 1, 1],
            id="the rest of a call, after the token of a newer client",
        ),
        pytest.param(
            [delta(1, "url_context_result", result=[]), stop(1)],
            [1, 1, 1],
            id="the rest of a result, after the token of a newer client",
        ),
    ],
)
def test_after_a_plain_token_every_step_before_has_one_output(
    events: list[Event], indices: list[int]
) -> None:
    assert [event["index"] for event in translated(events, "e9")] == indices


def test_a_resumed_stream_goes_on_in_the_output_that_was_open() -> None:
    older = translated(
        [delta(1, "image", data="AAAA"), delta(1, "text", text="B")],
        "e9~0-1.0-2.~1image.",
    )

    assert [(event["event_type"], event["index"]) for event in older] == [
        ("content.delta", 2),
        ("content.stop", 2),
        ("content.start", 3),
        ("content.delta", 3),
    ]


def test_a_step_that_had_no_output_ends_without_a_word_after_a_resumption() -> None:
    assert translated([stop(0)], "e9~1~") == []


@pytest.mark.parametrize(
    ("token", "hub"), [("e9", "e9"), ("e9~1~", "e9"), ("e9~0-2.~1image.2audio.", "e9")]
)
@pytest.mark.parametrize("revision", list(Revision))
def test_the_hub_is_asked_with_its_own_token(
    revision: Revision, token: str, hub: str
) -> None:
    asked, _ = translate(revision, last_event_id=token, raw=json.loads)

    assert asked == hub


@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize(
    "token",
    ["e9~", "e9~x", "e9~0-1~", "e9~0-.~", "e9~0-999999999.~", "e9~~1~", "e9~~1image"],
)
def test_a_made_up_token_is_refused(revision: Revision, token: str) -> None:
    with pytest.raises(RevisionError) as caught:
        translate(revision, last_event_id=token, raw=json.loads)

    assert caught.value.path == "last_event_id"


def test_the_hubs_own_revision_needs_no_translator() -> None:
    assert translate(Revision.STEPS, raw=json.loads) == (None, None)


def test_a_token_says_what_it_says_again_after_it_was_read() -> None:
    for suffix in (
        "~1~",
        "~0-2.3-1.7~",
        "~0-1.0-1.0-2.~1image.",
        "~0-3.~0audio.1.2video.",
    ):
        _, place = Place.of("e9" + suffix)

        assert place.suffix == suffix
