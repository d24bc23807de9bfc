"""What a model says becomes the events of contract §6.2, step by step."""

from __future__ import annotations

import pytest
from hypothesis import given

from openinteractions.core import media
from openinteractions.core.errors import UpstreamFailedError
from openinteractions.core.fold import fold
from openinteractions.core.lifecycle import Lifecycle, Phase
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    Media,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.v1 import content_pb2, event_pb2, interaction_pb2, usage_pb2
from tests.core.streams import assembler, run, turns


def said(event: event_pb2.InteractionEvent) -> str:
    """Return an event as one line."""
    name = event.WhichOneof("event")
    if name == "step_start":
        step = event.step_start.step
        kind = step.WhichOneof("kind")
        more = ""
        if kind == "function_call":
            call = step.function_call
            more = f" {call.id} {call.name} {call.arguments}"
        return f"start {event.step_start.index} {kind}{more}"
    if name == "step_delta":
        delta = event.step_delta.delta
        value = {
            "text": lambda: delta.text.text,
            "thought_summary": lambda: delta.thought_summary.content.text.text,
            "thought_signature": lambda: delta.thought_signature.signature,
            "arguments_delta": lambda: delta.arguments_delta.arguments,
            "image": lambda: _medium(delta.image),
            "audio": lambda: _medium(delta.audio),
        }[delta.WhichOneof("kind") or ""]()
        return f"delta {event.step_delta.index} {delta.WhichOneof('kind')} {value}"
    if name == "step_stop":
        return f"stop {event.step_stop.index}"
    return name or ""


def _medium(medium: content_pb2.ImageContent | content_pb2.AudioContent) -> str:
    return f"{medium.mime_type or '-'} {medium.uri or medium.data.decode()}"


def image(data: bytes, mime_type: str = "", *, begins: bool = True) -> Media:
    """Return an image, or a piece of one."""
    content = content_pb2.Content(image=content_pb2.ImageContent(data=data))
    if mime_type:
        content.image.mime_type = mime_type
    return Media(content, begins)


def sound(data: bytes, *, begins: bool = True) -> Media:
    """Return a sound, or a piece of one."""
    audio = content_pb2.AudioContent(data=data, mime_type="audio/wav")
    return Media(content_pb2.Content(audio=audio), begins)


LENGTH = Finish(FinishReason.LENGTH)

TURNS = [
    pytest.param(
        [Text("Hi"), Text(" you"), Finish(FinishReason.STOP)],
        ["start 0 model_output", "delta 0 text Hi", "delta 0 text  you", "stop 0"],
        id="text",
    ),
    pytest.param([Text(""), Finish(FinishReason.STOP)], [], id="nothing"),
    pytest.param(
        [Text("a"), Text(""), Finish(FinishReason.STOP)],
        ["start 0 model_output", "delta 0 text a", "stop 0"],
        id="empty text makes no delta",
    ),
    pytest.param(
        [Thought("hm"), Signature("c2ln"), Text("x"), Finish(FinishReason.STOP)],
        [
            "start 0 thought",
            "delta 0 thought_summary hm",
            "delta 0 thought_signature c2ln",
            "stop 0",
            "start 1 model_output",
            "delta 1 text x",
            "stop 1",
        ],
        id="thought, then text",
    ),
    pytest.param(
        [Signature("c2ln"), Signature("c2ln"), Finish(FinishReason.STOP)],
        [
            "start 0 thought",
            "delta 0 thought_signature c2ln",
            "stop 0",
            "start 1 thought",
            "delta 1 thought_signature c2ln",
            "stop 1",
        ],
        id="a signature ends its thought",
    ),
    pytest.param(
        [
            CallFragment(0, "abc", "f", '{"a"'),
            CallFragment(0, "", "", ":1}"),
            Finish(FinishReason.CALLS),
        ],
        [
            "start 0 function_call abc f {}",
            'delta 0 arguments_delta {"a"',
            "delta 0 arguments_delta :1}",
            "stop 0",
        ],
        id="a call in fragments",
    ),
    pytest.param(
        [CallFragment(0, "", "f", ""), Finish(FinishReason.CALLS)],
        ["start 0 function_call call1 f {}", "delta 0 arguments_delta {}", "stop 0"],
        id="a call without arguments or id",
    ),
    pytest.param(
        [
            CallFragment(0, "same", "f", "{}"),
            CallFragment(1, "same", "g", "{}"),
            Finish(FinishReason.CALLS),
        ],
        [
            "start 0 function_call same f {}",
            "delta 0 arguments_delta {}",
            "stop 0",
            "start 1 function_call call1 g {}",
            "delta 1 arguments_delta {}",
            "stop 1",
        ],
        id="two calls with one id",
    ),
    pytest.param(
        [
            CallFragment(0, "a", "f", ""),
            CallFragment(1, "b", "g", ""),
            CallFragment(0, "", "", '{"x":'),
            CallFragment(1, "", "", "{}"),
            CallFragment(0, "", "", "1}"),
            Text("late"),
            Finish(FinishReason.CALLS),
        ],
        [
            "start 0 function_call a f {}",
            'delta 0 arguments_delta {"x":',
            "delta 0 arguments_delta 1}",
            "stop 0",
            "start 1 function_call b g {}",
            "delta 1 arguments_delta {}",
            "stop 1",
            "start 2 model_output",
            "delta 2 text late",
            "stop 2",
        ],
        id="interleaved calls come one after the other",
    ),
    pytest.param(
        [
            Text("a"),
            image(b"1", "image/png"),
            image(b"2", "image/png", begins=False),
            image(b"3", "image/jpeg"),
            Text("b"),
            Finish(FinishReason.STOP),
        ],
        [
            "start 0 model_output",
            "delta 0 text a",
            "delta 0 image image/png 1",
            "delta 0 image - 2",
            "delta 0 image image/jpeg 3",
            "delta 0 text b",
            "stop 0",
        ],
        id="text and images in one step",
    ),
    pytest.param(
        [image(b"1"), image(b"2"), Finish(FinishReason.STOP)],
        [
            "start 0 model_output",
            "delta 0 image - 1",
            "stop 0",
            "start 1 model_output",
            "delta 1 image - 2",
            "stop 1",
        ],
        id="an image that would be taken for the end of the one before it",
    ),
    pytest.param(
        [
            sound(b"1"),
            sound(b"2", begins=False),
            sound(b"3"),
            Finish(FinishReason.STOP),
        ],
        [
            "start 0 model_output",
            "delta 0 audio audio/wav 1",
            "delta 0 audio audio/wav 2",
            "stop 0",
            "start 1 model_output",
            "delta 1 audio audio/wav 3",
            "stop 1",
        ],
        id="pieces of sound say their format",
    ),
    pytest.param(
        [Text("abc"), image(b"12", begins=False), Finish(FinishReason.STOP)],
        [
            "start 0 model_output",
            "delta 0 text abc",
            "delta 0 image - 12",
            "stop 0",
        ],
        id="a further piece of nothing is a medium",
    ),
]


@pytest.mark.parametrize(("model_events", "expected"), TURNS)
def test_a_turn_becomes_its_events(
    model_events: list[ModelEvent], expected: list[str]
) -> None:
    lines = [said(event) for event in run(model_events)]
    assert lines == ["created", "status_update", *expected, "completed"]


def test_a_large_medium_comes_in_pieces_whose_base64_can_be_joined() -> None:
    whole = bytes(range(256)) * 3000
    events = run([image(whole, "image/png"), Finish(FinishReason.STOP)])
    pieces = [event.step_delta.delta.image.data for event in events[3:-2]]
    assert b"".join(pieces) == whole
    assert len(pieces) == -(-len(whole) // media.CHUNK_BYTES)
    assert all(len(piece) % 3 == 0 for piece in pieces[:-1])


def test_thoughts_stay_unspoken_unless_summaries_were_asked_for() -> None:
    events = run(
        [Thought("secret"), Signature("c2ln"), Finish(FinishReason.STOP)],
        summaries=False,
    )
    assert [said(event) for event in events[2:-1]] == [
        "start 0 thought",
        "delta 0 thought_signature c2ln",
        "stop 0",
    ]


def test_an_id_of_an_earlier_call_is_not_given_again() -> None:
    machine = assembler(taken={"old"})
    machine.feed(CallFragment(0, "old", "f", "{}"))
    assert said(machine.drain()[0]) == "start 0 function_call call1 f {}"


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"x"', "nonsense"])
def test_arguments_that_are_no_json_object_are_the_models_fault(arguments: str) -> None:
    machine = assembler()
    machine.feed(CallFragment(0, "a", "f", arguments))
    with pytest.raises(UpstreamFailedError, match="not a JSON object"):
        machine.finish()


def test_a_call_without_a_name_is_the_models_fault() -> None:
    with pytest.raises(UpstreamFailedError, match="without a name"):
        assembler().feed(CallFragment(0, "a", "", "{}"))


STATUSES = [
    pytest.param([Finish(FinishReason.STOP)], "COMPLETED", id="stop"),
    pytest.param([Finish(FinishReason.LENGTH)], "INCOMPLETE", id="length"),
    pytest.param(
        [CallFragment(0, "a", "f", "{}"), Finish(FinishReason.STOP)],
        "REQUIRES_ACTION",
        id="a call, whatever the reason given",
    ),
    pytest.param(
        [CallFragment(0, "a", "f", "{}"), Finish(FinishReason.LENGTH)],
        "REQUIRES_ACTION",
        id="a whole call at the limit",
    ),
    pytest.param(
        [
            CallFragment(0, "a", "f", "{}"),
            CallFragment(1, "b", "f", '{"x'),
            Finish(FinishReason.LENGTH),
        ],
        "INCOMPLETE",
        id="a call that the limit cut",
    ),
]


@pytest.mark.parametrize(("model_events", "expected"), STATUSES)
def test_the_status_follows_from_the_turn(
    model_events: list[ModelEvent], expected: str
) -> None:
    status = run(model_events)[-1].completed.interaction.status
    name = interaction_pb2.InteractionStatus.Name(status)
    assert name == f"INTERACTION_STATUS_{expected}"


def test_abort_ends_text_and_voids_half_a_call() -> None:
    machine = assembler()
    machine.feed(Text("half"))
    machine.abort()
    assert [said(event) for event in machine.drain()][2:] == ["stop 0"]
    machine.feed(CallFragment(0, "a", "f", '{"a'))
    machine.drain()
    machine.abort()
    assert machine.drain() == []


def test_what_was_made_before_a_mistake_is_not_lost() -> None:
    machine = assembler()
    machine.feed(Thought("hm"))
    with pytest.raises(UpstreamFailedError):
        machine.feed(CallFragment(0, "a", "", "{}"))
    machine.abort()
    assert [said(event) for event in machine.drain()] == [
        "start 0 thought",
        "delta 0 thought_summary hm",
        "stop 0",
    ]


def test_whole_calls_before_a_broken_one_are_not_lost() -> None:
    machine = assembler()
    machine.feed(CallFragment(0, "a", "f", '{"x"'))
    machine.feed(CallFragment(1, "b", "g", "[]"))
    machine.feed(CallFragment(0, "", "", ":1}"))
    with pytest.raises(UpstreamFailedError):
        machine.finish()
    machine.abort()
    assert [said(event) for event in machine.drain()][:4] == [
        "start 0 function_call a f {}",
        'delta 0 arguments_delta {"x"',
        "delta 0 arguments_delta :1}",
        "stop 0",
    ]


def test_a_call_that_the_limit_cut_is_void() -> None:
    events = run([Text("so"), CallFragment(0, "a", "f", '{"x'), LENGTH])
    assert [said(event) for event in events[5:-1]] == [
        "start 1 function_call a f {}",
        'delta 1 arguments_delta {"x',
    ]
    assert [step.WhichOneof("kind") for step in fold(events).steps] == ["model_output"]


def test_the_last_report_of_usage_counts() -> None:
    machine = assembler()
    machine.feed(Spent(usage_pb2.Usage(total_tokens=1)))
    machine.feed(Spent(usage_pb2.Usage(total_tokens=2)))
    assert machine.usage == usage_pb2.Usage(total_tokens=2)


def test_events_of_what_is_not_stored_have_no_ids() -> None:
    machine = assembler(stored=False)
    machine.feed(Text("a"))
    assert not any(event.HasField("event_id") for event in machine.drain())


@given(turns())
def test_every_turn_is_a_legal_life_with_unique_ids(said: list[ModelEvent]) -> None:
    events = run(said)
    life = Lifecycle()
    for event in events:
        life.feed(event)
    assert life.phase is Phase.ENDED
    tokens = [event.event_id for event in events]
    assert len(set(tokens)) == len(tokens)
