"""What chat servers say of usage, in the terms of the contract."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf import text_format

from openinteractions.core.model_events import Finish, Spent, Text
from openinteractions.v1 import usage_pb2
from tests.models.chat.reading import STOP, chunk, streamed, turn

USAGES = [
    pytest.param(
        {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        """total_input_tokens: 7 total_output_tokens: 5 total_tokens: 12
        input_tokens_by_modality { modality: "text" tokens: 7 }
        output_tokens_by_modality { modality: "text" tokens: 5 }""",
        id="totals",
    ),
    pytest.param(
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 30},
            "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 10},
        },
        """total_input_tokens: 100 total_output_tokens: 30 total_thought_tokens: 20
        total_cached_tokens: 40 total_tokens: 150
        input_tokens_by_modality { modality: "text" tokens: 70 }
        input_tokens_by_modality { modality: "audio" tokens: 30 }
        output_tokens_by_modality { modality: "text" tokens: 20 }
        output_tokens_by_modality { modality: "audio" tokens: 10 }
        cached_tokens_by_modality { modality: "text" tokens: 40 }""",
        id="everything",
    ),
    pytest.param(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        """total_input_tokens: 10 total_output_tokens: 5 total_thought_tokens: 20
        total_tokens: 35
        input_tokens_by_modality { modality: "text" tokens: 10 }
        output_tokens_by_modality { modality: "text" tokens: 5 }""",
        id="thoughts counted beside the completion",
    ),
    pytest.param(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_cache_hit_tokens": 8,
            "prompt_tokens_details": None,
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        """total_input_tokens: 10 total_output_tokens: 5 total_thought_tokens: 0
        total_cached_tokens: 8 total_tokens: 15
        input_tokens_by_modality { modality: "text" tokens: 10 }
        output_tokens_by_modality { modality: "text" tokens: 5 }
        cached_tokens_by_modality { modality: "text" tokens: 8 }""",
        id="other names, and nulls",
    ),
    pytest.param(
        {"prompt_tokens": 2**63, "completion_tokens": 1e300},
        "total_input_tokens: 0 total_output_tokens: 0 total_tokens: 0",
        id="absurd numbers",
    ),
    pytest.param(
        {"prompt_tokens": None, "completion_tokens": "5", "total_tokens": -1},
        "total_input_tokens: 0 total_output_tokens: 0 total_tokens: 0",
        id="no numbers",
    ),
]


@pytest.mark.parametrize(("usage", "expected"), USAGES)
def test_usage_is_told_in_the_terms_of_the_contract(
    usage: dict[str, Any], expected: str
) -> None:
    wanted = text_format.Parse(expected, usage_pb2.Usage(total_tool_use_tokens=0))
    body = {"choices": [{"message": {}, "finish_reason": "stop"}], "usage": usage}
    assert turn().whole(orjson.dumps(body)) == [STOP, Spent(wanted)]
    report = orjson.dumps({"choices": [], "usage": usage})
    assert streamed(chunk({}, "stop"), report) == [STOP, Spent(wanted)]


def test_the_last_usage_of_a_stream_counts() -> None:
    first, last = ({"prompt_tokens": 7, "completion_tokens": n} for n in (1, 2))
    events = streamed(
        orjson.dumps({"choices": [{"delta": {"content": "A"}}], "usage": first}),
        orjson.dumps({"choices": [{"finish_reason": "stop"}], "usage": last}),
        b"[DONE]",
    )
    assert [type(event) for event in events] == [Text, Finish, Spent]
    assert isinstance(events[-1], Spent)
    assert events[-1].usage.total_output_tokens == 2
