"""Hub → older revision → hub brings back whatever the older revision can say."""

import itertools
import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openinteractions.gateway.revisions import EventTranslator
from openinteractions.gateway.revisions.outputs import (
    downgrade_interaction,
    upgrade_events,
    upgrade_interaction,
)

Object = dict[str, Any]


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    """Return objects that have each member or not; `type` always."""
    kind = {"type": members.pop("type")} if "type" in members else {}
    return st.fixed_dictionaries(kind, optional=members)


def only(value: str) -> st.SearchStrategy[str]:
    return st.just(value)


words = st.text(max_size=6)
offsets = st.integers(0, 9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2)
    ),
    max_leaves=4,
)
json_objects = st.dictionaries(words, json_values, max_size=3)

annotations = st.one_of(
    objects(type=only("url_citation"), url=words, title=words, end_index=offsets),
    objects(type=only("place_citation"), url=words, name=words),
    objects(type=only("file_citation"), document_uri=only("gs://d"), source=only("s")),
)
texts = objects(
    type=only("text"), text=words, annotations=st.lists(annotations, min_size=1)
)
data = st.integers(0, 4).map(lambda groups: "QUJD" * groups)
addresses = st.just("https://a")
formats = st.sampled_from(["a/b", "a/c"])
media = st.one_of(
    objects(type=only("image"), data=data, uri=addresses, mime_type=formats),
    objects(
        type=only("audio"),
        data=data,
        uri=addresses,
        mime_type=formats,
        sample_rate=st.integers(1, 2),
        channels=st.integers(1, 2),
    ),
    objects(type=only("video"), data=data, uri=addresses),
    objects(type=only("document"), uri=addresses),
)
contents = texts | media
results = (
    words
    | st.lists(contents, max_size=2)
    | json_objects.filter(lambda o: "items" not in o)
)
ids = st.text("abc", min_size=1, max_size=4)
signatures = only("c2ln")

tool_steps = st.one_of(
    objects(
        type=only("google_search_call"),
        id=ids,
        arguments=json_objects.map(lambda _: {}),
    ),
    objects(
        type=only("google_search_result"),
        call_id=ids,
        result=st.lists(objects(search_suggestions=words, url=words), max_size=2),
    ),
    objects(
        type=only("code_execution_result"),
        call_id=ids,
        result=words,
        signature=signatures,
    ),
    objects(
        type=only("mcp_server_tool_call"), id=ids, name=ids, arguments=json_objects
    ),
    objects(type=only("mcp_server_tool_result"), call_id=ids, result=results),
    objects(type=only("hologram"), z=offsets),
)
thoughts = objects(
    type=only("thought"),
    signature=signatures,
    summary=st.lists(texts, min_size=1, max_size=2),
)
calls = st.fixed_dictionaries(
    {"type": only("function_call"), "id": ids, "name": ids, "arguments": json_objects},
    optional={"signature": signatures},
)
function_results = objects(type=only("function_result"), call_id=ids, result=results)


def message(kind: str) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {"type": only(kind), "content": st.lists(contents, min_size=1, max_size=3)}
    )


def told_apart(steps: list[Object]) -> bool:
    """Tell whether no two model outputs are neighbours; outputs are one flat list."""
    kinds = [step["type"] for step in steps]
    return ("model_output", "model_output") not in itertools.pairwise(kinds)


outputs = st.lists(thoughts | calls | tool_steps | message("model_output"), max_size=5)
messages = message("user_input") | message("model_output")
empty = st.sampled_from(["user_input", "model_output"]).map(
    lambda kind: {"type": kind, "content": []}
)
inputs = st.one_of(
    words,
    contents,
    st.lists(contents, max_size=3),
    st.lists(function_results | calls | thoughts, min_size=1, max_size=3),
    st.lists(
        messages | empty | thoughts | calls | function_results | tool_steps, max_size=6
    ),
)
usages = objects(total_thought_tokens=offsets, total_tokens=offsets)


@given(outputs.filter(told_apart), inputs, usages, st.sampled_from(["model", "agent"]))
def test_an_interaction_comes_back_as_it_was(
    steps: list[Object], sent: Any, usage: Object, who: str
) -> None:
    hub = {"id": "v1_x", who: "m", "steps": steps, "input": sent, "usage": usage}

    assert upgrade_interaction(downgrade_interaction(hub)) == hub


def pieces(text: str, rng: random.Random) -> list[str]:
    """Return a text in pieces, some of them empty."""
    cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randrange(3)))
    ends = [0, *cuts, len(text)]
    return [text[a:b] for a, b in itertools.pairwise(ends)]


def parts(medium: Object, rng: random.Random) -> list[Object]:
    """Return a medium in pieces; those of a sound may say its format again."""
    if "uri" in medium or not medium.get("data"):
        return [medium]
    cut = 4 * rng.randrange(len(medium["data"]) // 4 + 1)
    further = {"type": medium["type"], "data": medium["data"][cut:]}
    if medium["type"] == "audio" and rng.random() < 0.5:
        further = medium | further
    return [medium | {"data": medium["data"][:cut]}, further]


def events_of(index: int, step: Object, rng: random.Random) -> list[Object]:
    """Return the events in which a step may be streamed."""
    kind = step["type"]
    deltas: list[Object] = []
    begin = {"type": kind}
    if kind == "model_output":
        for content in step["content"]:
            if content["type"] == "text":
                text = pieces(content.get("text", ""), rng)
                deltas += [{"type": "text", "text": piece} for piece in text]
                if "annotations" in content:
                    cited = {"annotations": content["annotations"]}
                    deltas.append({"type": "text_annotation_delta"} | cited)
            else:
                deltas += parts(content, rng)
    elif kind == "thought":
        for content in step.get("summary", []):
            deltas.append({"type": "thought_summary", "content": content})
        if "signature" in step:
            deltas.append({"type": "thought_signature", "signature": step["signature"]})
    elif kind == "function_call":
        begin = step | {"arguments": {}}
        for piece in pieces(json.dumps(step["arguments"]), rng):
            deltas.append({"type": "arguments_delta", "arguments": piece})
    else:
        names = {name: step[name] for name in ("id", "call_id", "name") if name in step}
        begin |= names | {"signature": ""}
        deltas.append({name: step[name] for name in step if name not in names})
    return [
        {"event_type": "step.start", "index": index, "step": begin},
        *({"event_type": "step.delta", "index": index, "delta": one} for one in deltas),
        {"event_type": "step.stop", "index": index},
    ]


def streamed(
    steps: list[Object], rng: random.Random, *, open_at_once: int
) -> list[Object]:
    """Return the steps as one stream in which some of them interleave."""
    waiting = [events_of(index, step, rng) for index, step in enumerate(steps)]
    running: list[list[Object]] = []
    events: list[Object] = [{"event_type": "interaction.created", "interaction": {}}]
    while waiting or running:
        if (
            waiting
            and len(running) < open_at_once
            and (not running or rng.random() < 0.5)
        ):
            running.append(waiting.pop(0))
            one = running[-1]
        else:
            one = rng.choice(running)
        events.append(one.pop(0))
        running = [left for left in running if left]
    events.append({"event_type": "interaction.completed", "interaction": {}})
    return [event | {"event_id": f"e{n}"} for n, event in enumerate(events)]


def fold(events: list[Object]) -> list[Object]:
    """Return the outputs that a client of the older revision puts together."""
    found: dict[int, Object] = {}
    for event in events:
        if event["event_type"] == "content.start":
            assert event["index"] == len(found), "outputs are numbered without gaps"
            found[event["index"]] = event["content"]
        elif event["event_type"] == "content.delta":
            found[event["index"]] = added(found[event["index"]], event["delta"])
    return list(found.values())


def added(output: Object, delta: Object) -> Object:
    match delta["type"]:
        case "text":
            return output | {"text": output.get("text", "") + delta["text"]}
        case "text_annotation":
            cited = output.get("annotations", []) + delta["annotations"]
            return output | {"annotations": cited}
        case "thought_summary":
            return output | {"summary": [*output.get("summary", []), delta["content"]]}
        case "thought_signature":
            return output | {"signature": delta["signature"]}
        case "image" | "audio" | "video" if "data" in output and "data" in delta:
            return {**delta, **output, "data": output["data"] + delta["data"]}
    return output | delta


def in_kind(steps: list[Any]) -> bool:
    """Tell whether a stream shows the borders of neighbours in a message."""
    return not any(
        one_to_readers(a, b)
        for step in steps
        for a, b in itertools.pairwise(step.get("content", []))
    )


def one_to_readers(a: Object, b: Object) -> bool:
    """Tell whether readers of a stream take two contents for one."""
    if a["type"] != b["type"] or a["type"] == "text":
        return bool(a["type"] == b["type"])
    if "uri" in a or "uri" in b:
        return False
    facts = ("mime_type", "sample_rate", "channels")
    alike = all(a.get(name) == b.get(name) for name in facts)
    return "mime_type" not in b or (b["type"] == "audio" and alike)


def with_text(steps: list[Object]) -> list[Object]:
    """Return the steps with the text that their deltas add, even if it is empty."""
    return [
        step
        | {
            "content": [
                {**content, "text": content.get("text", "")}
                if content["type"] == "text"
                else content
                for content in step["content"]
            ]
        }
        if step["type"] == "model_output"
        else step
        for step in steps
    ]


def older_stream(events: list[Object]) -> list[Object]:
    translator = EventTranslator(raw=json.loads)
    return [older for event in events for older in translator.feed(event)]


# Steps without an output of the older revision, which still count as steps.
silent = st.sampled_from(
    [{"type": "model_output", "content": []}, {"type": "retrieval_call", "id": "r"}]
)
generated: st.SearchStrategy[list[Any]] = st.lists(
    thoughts | calls | tool_steps | silent | message("model_output"), max_size=5
)
streamable = generated.filter(in_kind).map(with_text)
seeds = st.integers(0, 2**32).map(random.Random)


@given(streamable, seeds)
def test_a_stream_folds_to_the_outputs_of_the_interaction(
    steps: list[Object], rng: random.Random
) -> None:
    older = older_stream(streamed(steps, rng, open_at_once=1))

    assert fold(older) == downgrade_interaction({"steps": steps})["outputs"]


@given(streamable, seeds)
def test_interleaved_steps_give_the_same_outputs_in_the_order_of_their_beginning(
    steps: list[Object], rng: random.Random
) -> None:
    older = older_stream(streamed(steps, rng, open_at_once=3))

    expected = downgrade_interaction({"steps": steps})["outputs"]
    assert sorted(map(json.dumps, map(sort, fold(older)))) == sorted(
        map(json.dumps, map(sort, expected))
    )


def sort(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True))


def after(token: str, events: list[Object]) -> list[Object]:
    """Return what an older client gets that resumes after a token."""
    asked, resumed = EventTranslator.resume(token, raw=json.loads)
    place = [event["event_id"] for event in events].index(asked)
    return [older for event in events[place + 1 :] for older in resumed.feed(event)]


def plain(events: list[Object]) -> list[Object]:
    """Return older events with the hub's part of their tokens."""
    return [
        event | {"event_id": event["event_id"].partition("~")[0]}
        if "event_id" in event
        else event
        for event in events
    ]


@given(streamable, seeds)
def test_a_stream_goes_on_after_every_token_as_if_it_had_not_stopped(
    steps: list[Object], rng: random.Random
) -> None:
    events = streamed(steps, rng, open_at_once=3)
    older = plain(older_stream(events))
    tokens = {
        event["event_id"]: place
        for place, event in enumerate(older_stream(events))
        if "event_id" in event
    }

    for _ in range(3):
        again = {}
        for token, place in tokens.items():
            rest = after(token, events)
            assert plain(rest) == older[place + 1 :]
            # Tokens of a resumed stream are as good as those of the first.
            for more, event in enumerate(rest, place + 1):
                if "event_id" in event and event["event_id"] not in tokens:
                    again[event["event_id"]] = more
        tokens = again


@given(streamable, seeds)
def test_every_event_says_where_to_go_on_unless_a_call_is_open(
    steps: list[Object], rng: random.Random
) -> None:
    translator = EventTranslator(raw=json.loads)
    for event in streamed(steps, rng, open_at_once=1):
        older = translator.feed(event)
        assert all("event_id" not in one for one in older[:-1])
        assert not older or older[-1]["event_id"].startswith(event["event_id"])


@given(streamable, seeds)
def test_an_older_stream_comes_back_over_the_hub(
    steps: list[Object], rng: random.Random
) -> None:
    events = streamed(steps, rng, open_at_once=1)
    older = older_stream([event | {"event_id": ""} for event in events])
    for event in older:
        event.pop("event_id", None)

    assert older_stream(list(upgrade_events(older, text=json.dumps))) == older
