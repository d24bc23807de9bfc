"""What a request may say; the first member at fault is named by its path."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from openinteractions.core import inputs, requests
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

GOOD = 'model: "m" input { text: "hi" }'
RESULT = "input { steps { items { function_result {"


def request(text: str) -> interaction_service_pb2.CreateInteractionRequest:
    return text_format.Parse(text, interaction_service_pb2.CreateInteractionRequest())


ACCEPTED = {
    "text": GOOD,
    "empty text": 'model: "m" input { text: "" }',
    "content": 'model: "m" input { content { text { text: "hi" } } }',
    "contents": 'model: "m" input { contents { items { text { text: "hi" } } } }',
    "steps": 'model: "m" input { steps { '
    'items { user_input { content { text { text: "a" } } } } '
    'items { thought { signature: "x" } } '
    'items { function_call { name: "f" arguments: "{}" } } '
    'items { function_result { result { json: "{}" } } } '
    "items { model_output { content { text {} } } } } }",
    "functions": GOOD
    + 'tools { function { name: "f" parameters: "{}" } } '
    + 'generation_config { tool_choice { mode: "any" } temperature: 0 }',
    "allowed tools": GOOD
    + 'tools { function { name: "f" } } generation_config { tool_choice { config '
    + '{ allowed_tools { mode: "validated" tools: "f" } } } }',
    "no store": GOOD + "store: false",
    "text modality": GOOD + 'response_modalities: "text"',
    "image modality": GOOD + 'response_modalities: "IMAGE"',
    "image config": GOOD + "generation_config { image_config {} }",
    "speech config": GOOD + "generation_config { speech_config {} }",
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_a_sound_request_is_accepted(text: str) -> None:
    requests.validate(request(text))


REFUSED = [
    ('input { text: "hi" }', "model", "model is required."),
    (GOOD + 'agent: "a"', "agent", "model and agent cannot be given together."),
    (
        GOOD + "agent_config { antigravity {} }",
        "agent_config",
        "agent_config is for agents; a model takes generation_config.",
    ),
    (
        'agent: "a" input { text: "hi" } generation_config {}',
        "generation_config",
        "generation_config is for models; an agent takes agent_config.",
    ),
    ('model: "m"', "input", "input is required."),
    ('model: "m" input {}', "input", "input is required."),
    ('model: "m" input { contents {} }', "input", "input must not be empty."),
    ('model: "m" input { steps {} }', "input", "input must not be empty."),
    (
        'model: "m" input { content {} }',
        "input.type",
        "input.type is required.",
    ),
    (
        'model: "m" input { steps { items {} } }',
        "input[0].type",
        "input[0].type is required.",
    ),
    (
        'model: "m" input { steps { items { function_call { id: "x" } } } }',
        "input[0].name",
        "input[0].name is required.",
    ),
    (
        (
            'model: "m" input { steps { items { function_call { name: "f" '
            'arguments: "[]" } } } }'
        ),
        "input[0].arguments",
        "input[0].arguments must be an object.",
    ),
    (
        'model: "m" ' + RESULT + ' call_id: "x" } } } }',
        "input[0].result",
        (
            "input[0].result is required; a function without a result can send "
            '"done", for example.'
        ),
    ),
    (
        GOOD + "background: true store: false",
        "background",
        (
            "background needs store: an interaction that is not stored cannot be "
            "fetched later."
        ),
    ),
    (
        GOOD + 'webhook_config { uris: "https://example.com" }',
        "webhook_config",
        "webhook_config needs background: true.",
    ),
    (
        GOOD + 'service_tier: "deferred"',
        "service_tier",
        "service_tier 'deferred' needs background: true.",
    ),
    (GOOD + "tools {}", "tools[0].type", "tools[0].type is required."),
    (
        GOOD + "tools { function {} }",
        "tools[0].name",
        "tools[0].name is required.",
    ),
    (
        GOOD + 'tools { function { name: "f" } } tools { function { name: "f" } }',
        "tools[1].name",
        "tools[1].name: two functions are called 'f'.",
    ),
    (
        GOOD + 'tools { function { name: "f" parameters: "[]" } }',
        "tools[0].parameters",
        "tools[0].parameters must be a JSON Schema object.",
    ),
    (
        GOOD + "generation_config { temperature: -1 }",
        "generation_config.temperature",
        "generation_config.temperature must not be negative.",
    ),
    (
        GOOD + "generation_config { top_p: nan }",
        "generation_config.top_p",
        "generation_config.top_p must not be negative.",
    ),
    (
        GOOD + "generation_config { max_output_tokens: 0 }",
        "generation_config.max_output_tokens",
        "generation_config.max_output_tokens must be at least 1.",
    ),
    (
        GOOD + 'generation_config { tool_choice { mode: "maybe" } }',
        "generation_config.tool_choice",
        (
            "generation_config.tool_choice: 'maybe' is none of auto, any, none, "
            "validated."
        ),
    ),
    (
        GOOD + 'generation_config { thinking_summaries: "zz" }',
        "generation_config.thinking_summaries",
        "generation_config.thinking_summaries: 'zz' is none of auto, none.",
    ),
    (
        'model: "m" input { steps { items { user_input {} } } }',
        "input[0].content",
        "input[0].content must not be empty.",
    ),
    (
        'model: "m" input { contents { items { text {} } } }',
        "input[0].text",
        "input[0].text is required.",
    ),
    (
        GOOD + 'generation_config { tool_choice { mode: "any" } }',
        "generation_config.tool_choice",
        "generation_config.tool_choice: 'any' needs tools.",
    ),
    (
        GOOD + 'generation_config { tool_choice { config { allowed_tools { tools: "g" '
        "} } } }",
        "generation_config.tool_choice.allowed_tools.tools[0]",
        "generation_config.tool_choice.allowed_tools.tools[0]: no tool is called 'g'.",
    ),
]


@pytest.mark.parametrize(
    ("text", "field", "message"), REFUSED, ids=[row[2] for row in REFUSED]
)
def test_a_mistake_is_named(text: str, field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        requests.validate(request(text))
    assert (caught.value.field, caught.value.message) == (field, message)


NOT_YET = [
    ('agent: "a" input { text: "hi" }', "agent"),
    (GOOD + "background: true webhook_config {}", "webhook_config"),
    (GOOD + 'environment { name: "remote" }', "environment"),
    (GOOD + "tools { google_search {} }", "tools[0].type"),
    (GOOD + "generation_config { video_config {} }", "generation_config.video_config"),
    (
        'model: "m" input { content { other: "{}" } }',
        "input.type",
    ),
    (
        'model: "m" input { steps { items { google_search_call {} } } }',
        "input[0].type",
    ),
]


@pytest.mark.parametrize(("text", "field"), NOT_YET, ids=[row[1] for row in NOT_YET])
def test_what_is_to_come_is_refused_by_name(text: str, field: str) -> None:
    with pytest.raises(
        NotSupportedError, match=r"not supported yet|not known"
    ) as caught:
        requests.validate(request(text))
    assert caught.value.field == field


FORMS = [
    ('text: "a"', 'user_input { content { text { text: "a" } } }'),
    (
        'content { text { text: "a" } }',
        'user_input { content { text { text: "a" } } }',
    ),
    (
        'contents { items { text { text: "a" } } items { text { text: "b" } } }',
        'user_input { content { text { text: "a" } } content { text { text: "b" } } }',
    ),
    (
        'steps { items { thought { signature: "x" } } }',
        'thought { signature: "x" }',
    ),
]


@pytest.mark.parametrize(("form", "expected"), FORMS, ids=[row[0] for row in FORMS])
def test_every_form_of_input_reads_as_steps(form: str, expected: str) -> None:
    value = text_format.Parse(form, interaction_pb2.Input())
    (step,) = inputs.to_steps(value)
    assert text_format.MessageToString(step, as_one_line=True) == expected


USER = 'model: "m" input { steps { items { user_input { content { %s } } } } }'
MODEL = 'model: "m" input { steps { items { model_output { content { %s } } } } }'
RESULTS = 'model: "m" ' + RESULT + " result { contents { items { %s } } } } } } }"
THOUGHT = 'model: "m" input { steps { items { thought { summary { %s } } } } }'
CONTENT = 'model: "m" input { content { %s } }'
CONTENTS = 'model: "m" input { contents { items { text { text: "" } } items { %s } } }'

PLACES = {
    CONTENT: "input",
    CONTENTS: "input[1]",
    USER: "input[0].content[0]",
    MODEL: "input[0].content[0]",
    RESULTS: "input[0].result[0]",
    THOUGHT: "input[0].summary[0]",
}


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document"])
@pytest.mark.parametrize("given", ['data: "x"', 'uri: "http://h/x" data: ""'])
@pytest.mark.parametrize("place", PLACES, ids=PLACES.get)
def test_media_may_stand_wherever_contents_may(
    place: str, given: str, kind: str
) -> None:
    requests.validate(request(place % f"{kind} {{ {given} }}"))


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document"])
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("", "data"),
        ('mime_type: "a/b" data: ""', "data"),
        ('uri: ""', "data"),
        ('data: "x" uri: "http://h/x"', "uri"),
    ],
)
@pytest.mark.parametrize("place", PLACES, ids=PLACES.get)
def test_a_medium_needs_either_bytes_or_an_address(
    place: str, given: str, field: str, kind: str
) -> None:
    with pytest.raises(RequestError, match=r"data and uri|data or uri") as caught:
        requests.validate(request(place % f"{kind} {{ {given} }}"))
    assert caught.value.field == f"{PLACES[place]}.{field}"
