"""What a client sees whatever the model's words are: behaviours for real models.

The other behaviours need a model that says what its script says. These hold for any,
so the embedded model is held to them. Runs in the environment of an SDK with the
server's address as its argument, and prints one JSON line for each behaviour.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

Client = Any
Behaviour = Callable[[Client], None]

BEHAVIOURS: dict[str, Behaviour] = {}

SHORT = {"temperature": 0, "max_output_tokens": 16}
"""Answers that take no time; most are cut by it, and so `incomplete`."""
ENDED = {"completed", "incomplete"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(32)).decode()
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Gets the weather for a city.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
POLLS = 300


def behaviour(body: Behaviour) -> Behaviour:
    """Register a behaviour under the name of its function."""
    BEHAVIOURS[body.__name__] = body
    return body


def create(client: Client, **arguments: Any) -> Any:
    """Create with a short answer, unless told otherwise."""
    arguments.setdefault("model", "any-name")
    arguments.setdefault("generation_config", SHORT)
    return client.interactions.create(**arguments)


def failure(call: Callable[[], Any]) -> Exception:
    """Give the error that a call must fail with."""
    try:
        made = call()
    except Exception as error:  # noqa: BLE001 - whichever it is
        return error
    raise AssertionError(f"the call should have failed, but gave {made!r}")


def refusal(client: Client, **arguments: Any) -> str:
    """Give the message of the 400 that a create must fail with."""
    error = failure(lambda: create(client, **arguments))
    assert type(error).__name__ == "BadRequestError", error
    return str(error)


def told(events: list[Any]) -> str:
    """Join the text of a stream."""
    deltas = (e.delta for e in events if e.event_type == "step.delta")
    return "".join(delta.text for delta in deltas if delta.type == "text")


@behaviour
def an_answer_is_stored_and_fetched(client: Client) -> None:
    made = create(client, input="Say hello.")
    assert made.status in ENDED
    assert made.output_text
    found = client.interactions.get(made.id, include_input=True)
    assert found.output_text == made.output_text
    assert found.input == "Say hello."
    assert [step.type for step in found.steps] == ["user_input", "model_output"]


@behaviour
def tokens_are_counted(client: Client) -> None:
    usage = create(client, input="Say hello.").usage
    assert 0 < usage.total_output_tokens <= SHORT["max_output_tokens"]
    assert usage.total_input_tokens > 0
    total = usage.total_input_tokens + usage.total_output_tokens
    assert usage.total_tokens == total


@behaviour
def a_limit_of_tokens_makes_it_incomplete(client: Client) -> None:
    limited = {"temperature": 0, "max_output_tokens": 3}
    made = create(client, input="Count to a thousand.", generation_config=limited)
    assert made.status == "incomplete"
    assert made.usage.total_output_tokens <= 3


@behaviour
def every_form_of_input_is_taken(client: Client) -> None:
    text = {"type": "text", "text": "Say hello."}
    forms = [text, [text, text], [{"type": "user_input", "content": [text]}]]
    for form in forms:
        assert create(client, input=form).status in ENDED


@behaviour
def a_conversation_goes_on(client: Client) -> None:
    first = create(client, input="My name is Ada.")
    second = create(client, input="And mine?", previous_interaction_id=first.id)
    third = create(client, input="Thanks.", previous_interaction_id=second.id)
    assert third.previous_interaction_id == second.id
    more = third.usage.total_input_tokens
    assert more > second.usage.total_input_tokens > first.usage.total_input_tokens


@behaviour
def one_interaction_may_be_continued_twice(client: Client) -> None:
    first = create(client, input="Say hello.")
    for said in ("One.", "Two."):
        again = create(client, input=said, previous_interaction_id=first.id)
        assert again.status in ENDED


@behaviour
def instructions_reach_the_model(client: Client) -> None:
    plain = create(client, input="Say hello.")
    instruction = "You speak like a pirate. " * 20
    longer = create(client, input="Say hello.", system_instruction=instruction)
    assert longer.usage.total_input_tokens > plain.usage.total_input_tokens + 50


@behaviour
def what_is_not_stored_has_no_id(client: Client) -> None:
    made = create(client, input="Say hello.", store=False)
    assert not made.id
    assert made.output_text


@behaviour
def the_same_seed_gives_the_same_answer(client: Client) -> None:
    seeded = {"temperature": 1.0, "seed": 7, "max_output_tokens": 12}
    answers = {
        create(client, input="Tell a story.", generation_config=seeded).output_text
        for _ in range(2)
    }
    assert len(answers) == 1


@behaviour
def a_stream_is_the_stored_answer(client: Client) -> None:
    events = list(create(client, input="Say hello.", stream=True))
    kinds = [event.event_type for event in events]
    assert kinds[:2] == ["interaction.created", "interaction.status_update"]
    assert kinds[-1] == "interaction.completed"
    identifier = events[0].interaction.id
    assert told(events) == client.interactions.get(identifier).output_text


@behaviour
def a_replay_from_any_event_is_the_rest(client: Client) -> None:
    events = list(create(client, input="Say hello.", stream=True))
    identifier, whole = events[0].interaction.id, told(events)
    for cut in range(1, len(events), 4):
        after = events[cut - 1].event_id
        rest = client.interactions.get(identifier, stream=True, last_event_id=after)
        assert told(events[:cut]) + told(list(rest)) == whole


@behaviour
def a_stream_that_is_left_goes_on(client: Client) -> None:
    stream = create(client, input="Say hello.", stream=True)
    identifier = next(iter(stream)).interaction.id
    stream.response.close() if hasattr(stream, "response") else stream.close()
    assert settled(client, identifier).status in ENDED


@behaviour
def background_work_is_polled(client: Client) -> None:
    made = create(client, input="Say hello.", background=True)
    assert made.status in {"queued", "in_progress"}
    assert settled(client, made.id).output_text


@behaviour
def background_work_is_followed(client: Client) -> None:
    made = create(client, input="Say hello.", background=True)
    events = list(client.interactions.get(made.id, stream=True))
    assert events[-1].event_type == "interaction.completed"
    assert told(events) == client.interactions.get(made.id).output_text


@behaviour
def running_work_is_cancelled(client: Client) -> None:
    long = {"temperature": 0, "max_output_tokens": 2000}
    made = create(client, input="Count up.", background=True, generation_config=long)
    status = client.interactions.cancel(made.id).status
    assert status == "cancelled"


@behaviour
def what_is_deleted_is_gone(client: Client) -> None:
    made = create(client, input="Say hello.")
    client.interactions.delete(made.id)
    error = failure(lambda: client.interactions.get(made.id))
    assert type(error).__name__ == "NotFoundError", error


@behaviour
def a_forced_call_is_made_and_answered(client: Client) -> None:
    forced = {"temperature": 0, "tool_choice": "any"}
    asked = create(
        client,
        input="What is the weather in Paris?",
        tools=[WEATHER],
        generation_config=forced,
    )
    call = asked.steps[-1]
    assert asked.status == "requires_action"
    assert (call.type, call.name) == ("function_call", "get_weather")
    assert isinstance(call.arguments["location"], str)
    result = {"type": "function_result", "call_id": call.id, "result": "22 degrees"}
    done = create(
        client,
        input=[result],
        tools=[WEATHER],
        previous_interaction_id=asked.id,
        generation_config={**SHORT, "tool_choice": "none"},
    )
    assert done.steps[-1].type == "model_output"


@behaviour
def the_arguments_of_a_call_are_streamed(client: Client) -> None:
    events = list(
        create(
            client,
            input="What is the weather in Paris?",
            tools=[WEATHER],
            generation_config={"temperature": 0, "tool_choice": "any"},
            stream=True,
        )
    )
    deltas = [e.delta for e in events if e.event_type == "step.delta"]
    pieces = [d.arguments for d in deltas if d.type == "arguments_delta"]
    assert isinstance(json.loads("".join(pieces))["location"], str)
    assert events[-1].interaction.status == "requires_action"


@behaviour
def a_document_follows_its_schema(client: Client) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "legs": {"type": "integer"}},
        "required": ["name", "legs"],
    }
    wanted = {"type": "text", "mime_type": "application/json", "schema": schema}
    made = create(
        client,
        input="Describe a dog.",
        response_format=wanted,
        generation_config={"temperature": 0},
    )
    found = json.loads(made.output_text)
    assert set(found) == {"name", "legs"}
    assert isinstance(found["legs"], int)


@behaviour
def a_document_is_read_as_text(client: Client) -> None:
    csv = base64.b64encode(b"city,degrees\nParis,22\n").decode()
    document = {"type": "document", "data": csv, "mime_type": "text/csv"}
    question = {"type": "text", "text": "How warm is it?"}
    plain = create(client, input=[question])
    told_more = create(client, input=[question, document])
    assert told_more.usage.total_input_tokens > plain.usage.total_input_tokens


@behaviour
def an_image_is_refused_by_name(client: Client) -> None:
    image = {"type": "image", "data": PNG, "mime_type": "image/png"}
    said = refusal(client, input=[image])
    assert "image" in said
    assert "any-name" in said


@behaviour
def hints_are_ignored_and_tools_of_others_refused(client: Client) -> None:
    hinted = {**SHORT, "thinking_level": "high"}
    made = create(client, input="Hi", generation_config=hinted, service_tier="flex")
    assert made.status in ENDED
    said = refusal(client, input="Hi", tools=[{"type": "google_search"}])
    assert "tools[0]" in said


@behaviour
def bad_input_is_refused_by_name(client: Client) -> None:
    assert "input" in refusal(client, input=[])
    unknown = "v1_0000000000000000000000000000000"
    said = refusal(client, input="Hi", previous_interaction_id=unknown)
    assert "previous_interaction_id" in said


def settled(client: Client, identifier: str) -> Any:
    """Give an interaction once it has ended."""
    for _ in range(POLLS):
        found = client.interactions.get(identifier)
        if found.status not in {"queued", "in_progress"}:
            return found
        time.sleep(0.1)  # as clients do
    raise AssertionError(f"{identifier} has not ended")


def main() -> None:
    """Try every behaviour, one after the other: the model is small."""
    genai = importlib.import_module("google.genai")  # only in the SDK's environment
    client = genai.Client(api_key="any", http_options={"base_url": sys.argv[1]})
    for name, body in BEHAVIOURS.items():
        error = ""
        try:
            body(client)
        except Exception:  # noqa: BLE001 - whatever went wrong is the result
            error = traceback.format_exc(limit=-4)
        sys.stdout.write(json.dumps({"name": name, "error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
