"""Steps become the messages that chat servers insist on."""

from __future__ import annotations

from typing import Any

import pytest

from openinteractions.core.errors import NotSupportedError
from openinteractions.models import signature
from openinteractions.models.chat.messages import messages
from openinteractions.models.profile import Profile
from openinteractions.v1 import content_pb2, step_pb2
from tests.models.asking import Step, call, output, result, thought, user


def assistant(content: str | None, *calls: tuple[str, str, str]) -> dict[str, Any]:
    made = [
        {"id": i, "type": "function", "function": {"name": name, "arguments": args}}
        for i, name, args in calls
    ]
    said = {"role": "assistant", "content": content}
    return said | {"tool_calls": made} if made else said


def said_by_user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def tool(call_id: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


NAMED = "get_weather"
UNKNOWN = "There is no result yet."

CASES = [
    pytest.param([user("Hi")], [said_by_user("Hi")], id="one text"),
    pytest.param([user("a", "b")], [said_by_user("a\nb")], id="several texts"),
    pytest.param([user("a"), user("b")], [said_by_user("a\nb")], id="several steps"),
    pytest.param(
        [user("a"), output("b", "c"), user("d")],
        [said_by_user("a"), assistant("bc"), said_by_user("d")],
        id="turns",
    ),
    pytest.param(
        [user("a"), output(), user("b")],
        [said_by_user("a\nb")],
        id="an answer without content",
    ),
    pytest.param(
        [user("a"), output(""), user("b")],
        [said_by_user("a"), assistant(""), said_by_user("b")],
        id="an empty answer",
    ),
    pytest.param(
        [user("a"), thought("b3BhcXVl"), user("b")],
        [said_by_user("a\nb")],
        id="a thought that led to nothing",
    ),
    pytest.param(
        [user("a"), call("1", arguments='{"x":1}'), result("1", text="22")],
        [said_by_user("a"), assistant(None, ("1", NAMED, '{"x":1}')), tool("1", "22")],
        id="a call",
    ),
    pytest.param(
        [user("a"), output("See: "), call("1"), result("1", text="22"), output("ok")],
        [
            said_by_user("a"),
            assistant("See: ", ("1", NAMED, "{}")),
            tool("1", "22"),
            assistant("ok"),
        ],
        id="text before a call",
    ),
    pytest.param(
        [call("1"), call("2", "b"), result("2", name="b", text="y"), result("1")],
        [
            assistant(None, ("1", NAMED, "{}"), ("2", "b", "{}")),
            tool("1", ""),
            tool("2", "y"),
        ],
        id="parallel calls, results in another order",
    ),
    pytest.param(
        [call("1"), result("1", text="x"), call("2"), result("2", text="y")],
        [
            assistant(None, ("1", NAMED, "{}")),
            tool("1", "x"),
            assistant(None, ("2", NAMED, "{}")),
            tool("2", "y"),
        ],
        id="one call after the other",
    ),
    pytest.param(
        [call("1"), call("2"), result("1", text="x"), user("And?")],
        [
            assistant(None, ("1", NAMED, "{}"), ("2", NAMED, "{}")),
            tool("1", "x"),
            tool("2", UNKNOWN),
            said_by_user("And?"),
        ],
        id="a result that is missing",
    ),
    pytest.param(
        [call("1"), user("Never mind."), output("ok"), result("1", text="late")],
        [
            assistant(None, ("1", NAMED, "{}")),
            tool("1", "late"),
            said_by_user("Never mind."),
            assistant("ok"),
        ],
        id="a result that comes late",
    ),
    pytest.param(
        [call("1"), thought("b3BhcXVl"), result("1", text="x")],
        [assistant(None, ("1", NAMED, "{}")), tool("1", "x")],
        id="a thought between call and result",
    ),
    pytest.param(
        [call("1"), result("1", text="x"), call("1"), result("1", text="y")],
        [
            assistant(None, ("1", NAMED, "{}")),
            tool("1", "x"),
            assistant(None, ("1", NAMED, "{}")),
            tool("1", "y"),
        ],
        id="an id that comes again",
    ),
    pytest.param(
        [call("", "a"), call("", "b"), result("", name="b", text="y")],
        [
            assistant(None, ("call_0", "a", "{}"), ("call_1", "b", "{}")),
            tool("call_0", UNKNOWN),
            tool("call_1", "y"),
        ],
        id="empty ids",
    ),
    pytest.param(
        [call("1"), call("1", "b")],
        [
            assistant(None, ("1", NAMED, "{}"), ("1_1", "b", "{}")),
            tool("1", UNKNOWN),
            tool("1_1", UNKNOWN),
        ],
        id="one id twice in a turn",
    ),
    pytest.param(
        [call("1", arguments=""), result("1", json='{"c":22}')],
        [assistant(None, ("1", NAMED, "{}")), tool("1", '{"c":22}')],
        id="an object as result",
    ),
    pytest.param(
        [call("1"), result("1", items=["a", "b"])],
        [assistant(None, ("1", NAMED, "{}")), tool("1", "a\nb")],
        id="contents as result",
    ),
    pytest.param(
        [call("1"), result("1", text="no such place", is_error=True)],
        [assistant(None, ("1", NAMED, "{}")), tool("1", "Error: no such place")],
        id="a function that failed",
    ),
    pytest.param(
        [user("a"), result("9", text="x"), output("b")],
        [said_by_user("a"), assistant("b")],
        id="a result without a call",
    ),
]


@pytest.mark.parametrize(("steps", "expected"), CASES)
def test_steps_become_messages(
    steps: list[Step], expected: list[dict[str, Any]]
) -> None:
    assert messages("", steps, Profile()) == expected


@pytest.mark.parametrize(("steps", "_"), CASES)
def test_every_call_is_answered_right_after_it(steps: list[Step], _: Any) -> None:
    waiting: list[str] = []
    for message in messages("", steps, Profile()):
        if message["role"] == "tool":
            assert waiting.pop(0) == message["tool_call_id"]
            continue
        assert not waiting
        waiting = [made["id"] for made in message.get("tool_calls", ())]
    assert not waiting


def test_the_system_instruction_comes_first() -> None:
    assert messages("Be brief.", [user("Hi")], Profile()) == [
        {"role": "system", "content": "Be brief."},
        said_by_user("Hi"),
    ]


OURS = signature.encode("chat", {"reasoning": "Hm."})
THEIRS = signature.encode("gemini", {"reasoning": "Hm."})
NAMES_MEMBER = Profile(reasoning_member="reasoning_content")


@pytest.mark.parametrize(
    ("profile", "thoughts", "expected"),
    [
        pytest.param(NAMES_MEMBER, [OURS], {"reasoning_content": "Hm."}, id="ours"),
        pytest.param(
            NAMES_MEMBER, [OURS, OURS], {"reasoning_content": "Hm."}, id="sent twice"
        ),
        pytest.param(NAMES_MEMBER, [THEIRS], {}, id="another dialect's"),
        pytest.param(NAMES_MEMBER, ["b3BhcXVl"], {}, id="not readable"),
        pytest.param(NAMES_MEMBER, [None], {}, id="none"),
        pytest.param(Profile(), [OURS], {}, id="a server that takes none"),
    ],
)
def test_thoughts_go_back_where_the_server_takes_them(
    profile: Profile, thoughts: list[str | None], expected: dict[str, str]
) -> None:
    steps = [user("a"), *(thought(t, summary="Hm.") for t in thoughts), output("b")]
    assert messages("", steps, profile) == [
        said_by_user("a"),
        assistant("b") | expected,
    ]


def test_thoughts_of_one_turn_do_not_go_to_the_next() -> None:
    steps = [thought(OURS), call("1"), result("1", text="x"), output("b")]
    sent = messages("", steps, NAMES_MEMBER)
    assert [said.get("reasoning_content") for said in sent] == ["Hm.", None, None]


@pytest.mark.parametrize(
    ("step", "named"),
    [
        pytest.param(
            Step(
                user_input=step_pb2.UserInputStep(
                    content=[content_pb2.Content(other='{"type": "smell"}')]
                )
            ),
            "other",
            id="a content of an unknown kind",
        ),
        pytest.param(
            Step(google_search_call={"id": "1"}), "google_search_call", id="a search"
        ),
    ],
)
def test_what_the_dialect_cannot_say_is_refused(step: Step, named: str) -> None:
    with pytest.raises(NotSupportedError, match=named) as raised:
        messages("", [step], Profile())
    assert raised.value.field == "input"


def medium(kind: str, **members: object) -> content_pb2.Content:
    content = content_pb2.Content()
    for name, value in members.items():
        setattr(getattr(content, kind), name, value)
    return content


PNG = medium("image", data=b"png", mime_type="image/png")
URL = "https://h/a.png"

PARTS = [
    pytest.param(
        PNG,
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        id="an image",
    ),
    pytest.param(
        medium("image", uri=URL, mime_type="image/png"),
        {"type": "image_url", "image_url": {"url": URL}},
        id="an image by URL",
    ),
    *(
        pytest.param(
            medium("image", uri=URL, resolution=resolution),
            {"type": "image_url", "image_url": {"url": URL, "detail": detail}},
            id=f"an image of {resolution} resolution",
        )
        for resolution, detail in [
            ("low", "low"),
            ("medium", "auto"),
            ("high", "high"),
            ("ultra_high", "high"),
        ]
    ),
    *(
        pytest.param(
            medium("audio", data=b"wav", mime_type=mime_type),
            {"type": "input_audio", "input_audio": {"data": "d2F2", "format": name}},
            id=mime_type,
        )
        for mime_type, name in [
            ("audio/wav", "wav"),
            ("audio/x-wav", "wav"),
            ("audio/mpeg", "mp3"),
            ("audio/flac", "flac"),
            ("audio/l16;rate=24000", "pcm16"),
        ]
    ),
    pytest.param(
        medium("video", data=b"mp4", mime_type="video/mp4"),
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,bXA0"}},
        id="a video",
    ),
    pytest.param(
        medium("video", uri="https://h/v"),
        {"type": "video_url", "video_url": {"url": "https://h/v"}},
        id="a video by URL",
    ),
    pytest.param(
        medium("document", data=b"pdf", mime_type="application/pdf"),
        {
            "type": "file",
            "file": {
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,cGRm",
            },
        },
        id="a document",
    ),
]


@pytest.mark.parametrize(("content", "part"), PARTS)
def test_media_are_parts_of_a_user_message(
    content: content_pb2.Content, part: dict[str, Any]
) -> None:
    step = user("a", "b")
    step.user_input.content.append(content)
    step.user_input.content.add().text.text = "c"
    assert messages("", [step, user("d"), output("e"), user("f")], Profile()) == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a\nb"},
                part,
                {"type": "text", "text": "c\nd"},
            ],
        },
        assistant("e"),
        said_by_user("f"),
    ]


def shown(label: str, whose: str) -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": f"[image {label}], {whose}:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
    ]


def test_media_of_the_model_are_shown_by_the_next_user_message() -> None:
    drawn = output("Here: ")
    drawn.model_output.content.append(PNG)
    drawn.model_output.content.add().text.text = " Good?"

    assert messages("", [user("Draw"), drawn, user("No")], Profile()) == [
        said_by_user("Draw"),
        assistant("Here: [image 1] Good?"),
        {
            "role": "user",
            "content": [*shown("1", "your own"), {"type": "text", "text": "No"}],
        },
    ]


def test_media_in_results_are_shown_after_all_results() -> None:
    first, second = result("1", name="look"), result("2", name="zoom")
    first.function_result.result.contents.items.add().text.text = "Two views"
    first.function_result.result.contents.items.extend([PNG, PNG])
    second.function_result.result.contents.items.append(PNG)
    second.function_result.is_error = True

    sent = messages(
        "",
        [call("1", "look"), call("2", "zoom"), first, second, output("x")],
        Profile(),
    )
    assert sent == [
        assistant(None, ("1", "look", "{}"), ("2", "zoom", "{}")),
        tool("1", "Two views\n[image 1]\n[image 2]"),
        tool("2", "Error: [image 3]"),
        {
            "role": "user",
            "content": [
                *shown("1", "from the result of look"),
                *shown("2", "from the result of look"),
                *shown("3", "from the result of zoom"),
            ],
        },
        assistant("x"),
    ]
