"""Steps become the items that the Responses API insists on."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from openinteractions.core.errors import NotSupportedError
from openinteractions.models import signature
from openinteractions.models.responses.items import items
from openinteractions.v1 import content_pb2, step_pb2
from tests.models.asking import Step, call, output, result, thought, user

REASONING = {"id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
SIGNED = signature.encode("responses", {"reasoning": REASONING})
THOUGHT = {"type": "reasoning", **REASONING}
PNG = b"\x89PNG\r\n\x1a\n"


def said_by_user(*texts: str) -> dict[str, Any]:
    parts = [{"type": "input_text", "text": text} for text in texts]
    return {"type": "message", "role": "user", "content": parts}


def assistant(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": text}


def called(call_id: str, arguments: str = "{}") -> dict[str, Any]:
    made = {"call_id": call_id, "name": "get_weather", "arguments": arguments}
    return {"type": "function_call", **made}


def answered(call_id: str, said: Any = "There is no result yet.") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": said}


def image(**members: Any) -> content_pb2.Content:
    return content_pb2.Content(image=content_pb2.ImageContent(**members))


CASES = [
    pytest.param([user("a", "b")], [said_by_user("a", "b")], id="several texts"),
    pytest.param(
        [user("a"), output("b", "c"), user("d")],
        [said_by_user("a"), assistant("bc"), said_by_user("d")],
        id="turns",
    ),
    pytest.param(
        [user("a"), output(), user("b")],
        [said_by_user("a"), said_by_user("b")],
        id="an answer without content",
    ),
    pytest.param(
        [user("a"), thought(SIGNED), output("b")],
        [said_by_user("a"), THOUGHT, assistant("b")],
        id="a thought goes back before what it led to",
    ),
    pytest.param(
        [user("a"), thought(SIGNED), user("b")],
        [said_by_user("a"), said_by_user("b")],
        id="a thought that led to nothing",
    ),
    pytest.param(
        [thought(SIGNED), call("x"), thought(SIGNED), result("x", text="22")],
        [THOUGHT, called("x"), answered("x", "22")],
        id="a thought that comes again",
    ),
    pytest.param(
        [thought("b3BhcXVl"), output("b")],
        [assistant("b")],
        id="another dialect's thought",
    ),
    pytest.param(
        [call("x", arguments='{"a":1}'), result("x", text="22")],
        [called("x", '{"a":1}'), answered("x", "22")],
        id="a call and its result",
    ),
    pytest.param(
        [call("x"), call("y"), result("y", text="2"), result("x", text="1")],
        [called("x"), called("y"), answered("x", "1"), answered("y", "2")],
        id="results in another order",
    ),
    pytest.param(
        [call("x"), user("Never mind.")],
        [called("x"), answered("x"), said_by_user("Never mind.")],
        id="a call without a result",
    ),
    pytest.param(
        [user("a"), result("lost", text="22")],
        [said_by_user("a")],
        id="a result without a call",
    ),
    pytest.param(
        [call(""), call(""), result("", text="1"), result("", text="2")],
        [
            called("call_0"),
            called("call_1"),
            answered("call_0", "1"),
            answered("call_1", "2"),
        ],
        id="calls without identifiers",
    ),
    pytest.param(
        [call("x"), result("x", text="1"), call("x"), result("x", text="2")],
        [called("x"), answered("x", "1"), called("x_2"), answered("x_2", "2")],
        id="an identifier that comes again",
    ),
    pytest.param(
        [call("x"), result("x", text="no such place", is_error=True)],
        [called("x"), answered("x", "Error: no such place")],
        id="a function that failed",
    ),
    pytest.param(
        [call("x"), result("x", json='{"c":22}')],
        [called("x"), answered("x", '{"c":22}')],
        id="a result in JSON",
    ),
]


@pytest.mark.parametrize(("steps", "expected"), CASES)
def test_items(steps: list[Step], expected: list[dict[str, Any]]) -> None:
    assert items(steps) == expected


def test_media_go_inline_or_by_address() -> None:
    pdf = content_pb2.DocumentContent(data=b"%PDF-", mime_type="application/pdf")
    sound = content_pb2.AudioContent(data=b"RIFF", mime_type="audio/wav")
    seen = [
        image(data=PNG, mime_type="image/png", resolution="low"),
        image(uri="https://example.com/a.png"),
        content_pb2.Content(audio=sound),
        content_pb2.Content(document=pdf),
    ]
    step = Step(user_input=step_pb2.UserInputStep(content=seen))
    (message,) = items([step])
    assert message["content"] == [
        {
            "type": "input_image",
            "image_url": "data:image/png;base64," + base64.b64encode(PNG).decode(),
            "detail": "low",
        },
        {
            "type": "input_image",
            "image_url": "https://example.com/a.png",
            "detail": "auto",
        },
        {
            "type": "input_audio",
            "input_audio": {"data": "UklGRg==", "format": "wav"},
        },
        {
            "type": "input_file",
            "filename": "document.pdf",
            "file_data": "data:application/pdf;base64,JVBERi0=",
        },
    ]


def test_a_result_may_be_an_image() -> None:
    step = result("x", items=["Look:"])
    step.function_result.result.contents.items.append(
        image(data=PNG, mime_type="image/png")
    )
    made = items([call("x"), step])
    kinds = [part["type"] for part in made[1]["output"]]
    assert kinds == ["input_text", "input_image"]


def test_an_image_that_the_model_made_comes_back_as_the_users() -> None:
    step = output("Here:")
    step.model_output.content.append(image(data=PNG, mime_type="image/png"))
    made = items([user("Paint."), step, user("Bluer.")])
    assert made[1] == assistant("Here:")
    assert [part["type"] for part in made[2]["content"]] == ["input_image"]
    assert made[3] == said_by_user("Bluer.")


def test_what_the_dialect_cannot_say_is_refused() -> None:
    content = content_pb2.Content(video=content_pb2.VideoContent(data=b"v"))
    step = Step(user_input=step_pb2.UserInputStep(content=[content]))
    with pytest.raises(NotSupportedError) as raised:
        items([step])
    assert raised.value.field == "input"


def test_other_steps_are_refused() -> None:
    step = Step()
    step.google_search_call.SetInParent()
    with pytest.raises(NotSupportedError, match="google_search_call"):
        items([step])
