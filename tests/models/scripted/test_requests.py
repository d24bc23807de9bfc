"""What a request asks of the scripted model: followed, named, or refused."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from openinteractions.core.errors import NotSupportedError
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Thought,
)
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.scripted.model import Scripted
from tests.models.asking import Request, tool, user
from tests.models.events import text

STOP, LENGTH, CALLS = FinishReason.STOP, FinishReason.LENGTH, FinishReason.CALLS


def parsed(script: str, members: str) -> Request:
    return text_format.Parse(members, Request(model=script))


async def played(script: str, config: str = "", *tools: str) -> list[ModelEvent]:
    request = parsed(script, f"generation_config {{ {config} }}")
    request.tools.extend(map(tool, tools))
    return list(
        await Scripted().generate(ModelRequest(request, (user("one two three"),)))
    )


def reason(events: list[ModelEvent]) -> FinishReason:
    (finish,) = [event for event in events if isinstance(event, Finish)]
    return finish.reason


def called(events: list[ModelEvent]) -> list[str]:
    fragments = [event for event in events if isinstance(event, CallFragment)]
    return [fragment.name for fragment in fragments if fragment.name]


LIMITED = [
    ("words 5", 3, "word0 word1 word2 ", LENGTH),
    ("words 5", 5, "word0 word1 word2 word3 word4", STOP),
    ("words 5", 6, "word0 word1 word2 word3 word4", STOP),
    ("echo", 1, "one ", LENGTH),
    ("think a b; say c d", 3, "c ", LENGTH),
    ("say a b; hang", 1, "a ", LENGTH),
    ("say a b; fail failed", 1, "a ", LENGTH),
    ("say a b; finish stop", 1, "a ", LENGTH),
    ("say a; call f; say b", 2, "a", LENGTH),
    ("say a; call f", 1, "a", LENGTH),
    ("say a; call f", 2, "a", CALLS),
]


@pytest.mark.parametrize(("script", "most", "said", "why"), LIMITED)
async def test_a_turn_ends_where_its_words_do(
    script: str, most: int, said: str, why: FinishReason
) -> None:
    events = await played(script, f"max_output_tokens: {most}")

    assert text(events) == said
    assert reason(events) is why
    (spent,) = [event.usage for event in events if isinstance(event, Spent)]
    assert spent.total_output_tokens + spent.total_thought_tokens <= most


async def test_a_thought_that_is_cut_is_signed_if_there_is_any() -> None:
    kinds = [type(event) for event in await played("think a b", "max_output_tokens: 1")]
    assert kinds == [Thought, Signature, Finish, Spent]

    kinds = [
        type(event) for event in await played("call f; think a", "max_output_tokens: 1")
    ]
    assert Signature not in kinds


STOPPED = [
    ("words 5", ["word2"], "word0 word1 ", STOP),
    ("words 5", ["2 w", "d1"], "word0 wor", STOP),
    ("say ab; say cd; say ef", ["bcd"], "a", STOP),
    ("say ab; say cd", ["cd"], "ab", STOP),
    ("say ab; call f", ["b"], "a", STOP),
    ("say ab; call f; say cd; call g", ["d"], "abc", CALLS),
    ("say ab; hang", ["ab"], "", STOP),
    ("say ab", ["x", ""], "ab", STOP),
    ("think ab; say c", ["ab"], "c", STOP),
    ("say ab; finish length", ["x"], "ab", LENGTH),
    ("say ab cd; finish length", ["cd"], "ab ", STOP),
]


@pytest.mark.parametrize(("script", "stops", "said", "why"), STOPPED)
async def test_text_ends_before_a_stop_sequence(
    script: str, stops: list[str], said: str, why: FinishReason
) -> None:
    config = " ".join(f'stop_sequences: "{stop}"' for stop in stops)
    events = await played(script, config)

    assert text(events) == said
    assert reason(events) is why


FORBIDDING = 'tool_choice { mode: "none" }'
FORCING = 'tool_choice { mode: "any" }'
CHOSEN = [
    ("say a; call f", "", [], ["f"], "a"),
    ("say a; call f; say b", FORBIDDING, ["f"], [], "ab"),
    ("say a; call f", 'tool_choice { mode: "auto" }', ["f"], ["f"], "a"),
    ("say a; call g", 'tool_choice { mode: "validated" }', ["f"], [], "a"),
    ("say a; call f; call g", FORCING, ["f", "g"], ["f", "g"], "a"),
    ("say a", FORCING, ["f", "g"], ["f"], "a"),
    ("say a; call h", FORCING, ["f", "g"], ["f"], "a"),
    (
        "say a; call f",
        'tool_choice { config { allowed_tools { mode: "any" tools: "g" } } }',
        ["f", "g"],
        ["g"],
        "a",
    ),
    (
        "say a; call f; call g",
        'tool_choice { config { allowed_tools { tools: "g" } } }',
        ["f", "g"],
        ["g"],
        "a",
    ),
]


@pytest.mark.parametrize(("script", "config", "tools", "calls", "said"), CHOSEN)
async def test_calls_are_those_that_the_request_allows(
    script: str, config: str, tools: list[str], calls: list[str], said: str
) -> None:
    events = await played(script, config, *tools)

    assert called(events) == calls
    assert text(events) == said
    assert reason(events) is (CALLS if calls else STOP)


async def test_a_call_that_is_wanted_has_no_arguments() -> None:
    events = await played("say a", FORCING, "f")
    fragments = [event for event in events if isinstance(event, CallFragment)]

    assert "".join(fragment.arguments for fragment in fragments) == "{}"


def test_what_chooses_among_answers_is_named() -> None:
    config = (
        "temperature: 1 top_p: 1 seed: 1 top_k: 1 presence_penalty: 1 "
        'frequency_penalty: 1 thinking_level: "low" max_output_tokens: 1 '
        'stop_sequences: "x"'
    )
    request = parsed("echo", f'generation_config {{ {config} }} service_tier: "flex"')

    assert sorted(Scripted().check(request)) == [
        "generation_config.frequency_penalty",
        "generation_config.presence_penalty",
        "generation_config.seed",
        "generation_config.temperature",
        "generation_config.thinking_level",
        "generation_config.top_k",
        "generation_config.top_p",
        "service_tier",
    ]


def test_nothing_is_named_that_is_not_asked_for() -> None:
    members = """
        response_mime_type: "text/plain"
        response_format { single { text { mime_type: "text/plain" } } }
    """
    assert Scripted().check(parsed("echo", members)) == []


JSON = [
    ('response_mime_type: "application/json"', "response_mime_type"),
    (
        'response_format { single { text { mime_type: "application/json" } } }',
        "response_format",
    ),
    (
        """response_format { single { text { schema: '{"type":"object"}' } } }""",
        "response_format",
    ),
    (
        """response_format { single { bare_schema: '{"type":"object"}' } }""",
        "response_format",
    ),
]


@pytest.mark.parametrize(("members", "field"), JSON)
def test_json_is_refused(members: str, field: str) -> None:
    with pytest.raises(NotSupportedError, match="cannot be held to JSON") as caught:
        Scripted().check(parsed("echo", members))

    assert caught.value.field == field
