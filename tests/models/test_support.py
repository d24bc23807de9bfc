"""What a model cannot follow is ignored by name, or refused by path."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.models.profile import Profile, Tools
from openinteractions.models.support import check
from tests.models.asking import Request

FUNCTION = 'tools { function { name: "f" } }'
SCHEMA = """response_format { single { bare_schema: '{"type":"object"}' } }"""


def parsed(text: str) -> Request:
    request: Request = text_format.Parse(text, Request(model="tiny"))
    return request


@pytest.mark.parametrize(
    ("said", "profile", "ignored"),
    [
        pytest.param("", Profile(), [], id="nothing"),
        pytest.param('service_tier: "flex"', Profile(), ["service_tier"], id="tier"),
        pytest.param(
            'labels { key: "a" value: "b" }', Profile(), ["labels"], id="labels"
        ),
        pytest.param(
            'safety_settings { type: "harassment" threshold: "off" } '
            'safety_settings { type: "jailbreak" threshold: "block_none" }',
            Profile(),
            ["safety_settings"],
            id="less filtering",
        ),
        pytest.param(
            "generation_config { seed: 1 }",
            Profile(seed=False),
            ["generation_config.seed"],
            id="a seed",
        ),
        pytest.param(
            'generation_config { thinking_level: "low" }',
            Profile(reasoning_effort=False),
            ["generation_config.thinking_level"],
            id="a level of thinking",
        ),
        pytest.param(
            'generation_config { thinking_summaries: "auto" }',
            Profile(reasoning=False),
            ["generation_config.thinking_summaries"],
            id="summaries of thoughts that are none",
        ),
        pytest.param(
            'generation_config { thinking_summaries: "none" }',
            Profile(reasoning=False),
            [],
            id="no summaries",
        ),
        pytest.param(
            "generation_config { seed: 1 temperature: 1 top_p: 1 top_k: 1 "
            'presence_penalty: 1 thinking_level: "low" thinking_summaries: "auto" '
            'max_output_tokens: 5 stop_sequences: "x" tool_choice { mode: "any" } } '
            f'response_modalities: "text" {FUNCTION} {SCHEMA}',
            Profile(),
            [],
            id="everything that can be followed",
        ),
        pytest.param(
            f'{FUNCTION} generation_config {{ tool_choice {{ mode: "auto" }} }}',
            Profile(tool_choice=False),
            [],
            id="a choice that chooses nothing",
        ),
    ],
)
def test_hints_are_ignored_by_name(
    said: str, profile: Profile, ignored: list[str]
) -> None:
    assert check(parsed(said), profile) == ignored


@pytest.mark.parametrize(
    ("said", "profile", "field"),
    [
        pytest.param(FUNCTION, Profile(tools=Tools.NONE), "tools[0]", id="functions"),
        pytest.param(
            f"{FUNCTION} tools {{ google_search {{ }} }}",
            Profile(),
            "tools[1]",
            id="a tool of another kind",
        ),
        pytest.param(
            """tools { function { name: "f" parameters: '{"a":' } }""",
            Profile(),
            "tools[0].parameters",
            id="parameters that are no schema",
        ),
        pytest.param(
            f'{FUNCTION} generation_config {{ tool_choice {{ mode: "any" }} }}',
            Profile(tool_choice=False),
            "generation_config.tool_choice",
            id="a forced call",
        ),
        pytest.param(
            f'{FUNCTION} generation_config {{ tool_choice {{ mode: "none" }} }}',
            Profile(tool_choice=False),
            "generation_config.tool_choice",
            id="a forbidden call",
        ),
        pytest.param(
            SCHEMA, Profile(json_schema=False), "response_format", id="a schema"
        ),
        pytest.param(
            "response_format { single { bare_schema: '{' } }",
            Profile(),
            "response_format",
            id="a schema that is none",
        ),
        pytest.param(
            "response_format { single { text { schema: '[]' } } }",
            Profile(),
            "response_format.schema",
            id="a typed schema that is none",
        ),
        pytest.param(
            "response_format { list { items { text { } } items { image { } } } }",
            Profile(),
            "response_format[1]",
            id="two kinds of output",
        ),
        pytest.param(
            "response_format { list { items { audio { } } } }",
            Profile(),
            "response_format[0]",
            id="another kind of output",
        ),
        pytest.param(
            "response_format { single { text { mime_type: 'text/html' } } }",
            Profile(),
            "response_format.mime_type",
            id="another media type",
        ),
        pytest.param(
            "response_mime_type: 'image/png'",
            Profile(),
            "response_mime_type",
            id="another media type beside",
        ),
        pytest.param(
            'response_modalities: "text" response_modalities: "image"',
            Profile(),
            "response_modalities[1]",
            id="another modality",
        ),
        pytest.param(
            'safety_settings { threshold: "off" } '
            'safety_settings { threshold: "block_only_high" }',
            Profile(),
            "safety_settings[1].threshold",
            id="more filtering",
        ),
        pytest.param('cached_content: "c"', Profile(), "cached_content", id="a cache"),
        pytest.param(
            'continuation_token: "t"', Profile(), "continuation_token", id="a token"
        ),
        pytest.param(
            'generation_config { stop_sequences: "x" }',
            Profile(stop=False),
            "generation_config.stop_sequences",
            id="stop sequences",
        ),
        pytest.param(
            "generation_config { top_k: 1 }",
            Profile(top_k=False),
            "generation_config.top_k",
            id="top k",
        ),
        pytest.param(
            "generation_config { frequency_penalty: 1 }",
            Profile(penalties=False),
            "generation_config.frequency_penalty",
            id="a penalty",
        ),
        pytest.param(
            "generation_config { image_config { } }",
            Profile(),
            "generation_config.image_config",
            id="settings for images",
        ),
    ],
)
def test_what_changes_the_result_is_refused_by_path(
    said: str, profile: Profile, field: str
) -> None:
    with pytest.raises(RequestError) as raised:
        check(parsed(said), profile)
    assert raised.value.field == field
    assert field in raised.value.message


def test_a_refusal_names_the_model() -> None:
    with pytest.raises(RequestError, match='"tiny"'):
        check(parsed('cached_content: "c"'), Profile())


def test_other_outputs_are_not_supported_yet() -> None:
    asked = parsed("response_format { single { image { } } }")
    with pytest.raises(NotSupportedError) as caught:
        check(asked, Profile())

    assert caught.value.message == (
        "response_format: image output is not supported yet."
    )
