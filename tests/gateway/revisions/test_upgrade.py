"""Contract §2.3: every form that clients send, brought into the hub's."""

import json
from pathlib import Path
from typing import Any

import pytest

from openinteractions.gateway.revisions import RevisionError, upgrade
from tests.gateway.revisions.forms import (
    CALL,
    HI,
    IMAGE,
    RESULT,
    THOUGHT,
    YO,
    answers,
    says,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "contract"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("Hi", id="a string"),
        pytest.param(HI, id="one content"),
        pytest.param([HI, IMAGE], id="contents"),
        pytest.param([], id="nothing"),
        pytest.param(7, id="what is for the codec to refuse"),
        pytest.param([says(HI), THOUGHT, CALL, RESULT, answers(YO)], id="steps"),
        pytest.param([RESULT], id="results alone"),
        pytest.param([{"type": "hologram", "z": 1}], id="a step that nobody knows"),
        pytest.param(
            [says({"type": "hologram"})],
            id="a content that nobody knows stays in its step",
        ),
        pytest.param([{"type": "user_input"}], id="a step without its content"),
        pytest.param(
            [{"type": "user_input", "content": 7}], id="content for the codec"
        ),
    ],
)
def test_the_hubs_own_forms_stay(value: Any) -> None:
    assert upgrade({"input": value}).body == {"input": value}


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        pytest.param(
            [{"role": "user", "content": "Hi"}, {"role": "model", "content": [YO]}],
            [says(HI), answers(YO)],
            id="turns",
        ),
        pytest.param(
            [{"role": "user", "content": HI}, {"role": "Agent", "content": YO}],
            [says(HI), answers(YO)],
            id="turns with one content, roles in any case",
        ),
        pytest.param({"role": "user", "content": "Hi"}, [says(HI)], id="one turn"),
        pytest.param(
            [{"role": "user", "content": []}], [says()], id="a turn of no contents"
        ),
        pytest.param(
            [
                {"role": "user", "content": [HI]},
                {"role": "model", "content": [THOUGHT, YO, IMAGE, CALL, YO]},
                {"role": "user", "content": [RESULT, HI]},
            ],
            [
                *(says(HI), THOUGHT, answers(YO, IMAGE), CALL, answers(YO)),
                *(RESULT, says(HI)),
            ],
            id="turns that hold calls, results and thoughts",
        ),
        pytest.param(
            [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Yo"}],
            [says(HI), says(YO)],
            id="turns of one role stay apart",
        ),
        pytest.param([says(HI), YO], [says(HI), says(YO)], id="a step and a content"),
        pytest.param(
            [HI, IMAGE, RESULT, YO, {"role": "model", "content": "Yo"}, HI],
            [says(HI, IMAGE), RESULT, says(YO), answers(YO), says(HI)],
            id="a mix of everything",
        ),
        pytest.param(RESULT, [RESULT], id="one result"),
        pytest.param(
            [{"type": "user_input", "content": "Hi"}], [says(HI)], id="content as text"
        ),
        pytest.param(
            [{"type": "model_output", "content": HI}], [answers(HI)], id="as an object"
        ),
        pytest.param(
            [
                says(
                    {"role": "user", "content": "Hi"},
                    {"role": "model", "content": "Yo"},
                )
            ],
            [says(HI), answers(YO)],
            id="turns that 2.9 puts into a user_input",
        ),
        pytest.param(
            [says(RESULT, HI)], [RESULT, says(HI)], id="results in a user_input"
        ),
        pytest.param(
            [{"role": "user", "content": [{"text": "Hi"}]}],
            [says({"text": "Hi"})],
            id="a content without a type is for the codec to refuse",
        ),
    ],
)
def test_other_forms_become_steps(value: Any, steps: list[Any]) -> None:
    assert upgrade({"input": value}).body == {"input": steps}


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        pytest.param([HI, None], "input[1]", "must be an object", id="null"),
        pytest.param(["Hi"], "input[0]", "must be an object", id="a string in a list"),
        pytest.param(
            [HI, {"text": "a"}], "input[1]", "needs a type, or a role", id="no type"
        ),
        pytest.param({"text": "a"}, "input", "needs a type, or a role", id="alone"),
        pytest.param(
            [HI, {"role": "tool", "content": "a"}],
            "input[1].role",
            "must be user or model",
            id="a role that nobody has",
        ),
        pytest.param(
            [{"role": 1, "content": "a"}],
            "input[0].role",
            "must be user or model",
            id="a role that is no word",
        ),
        pytest.param(
            [{"role": "user", "content": None}],
            "input[0].content",
            "is missing",
            id="no content",
        ),
        pytest.param(
            [{"role": "user", "content": 1}],
            "input[0].content",
            "must be a string or a list",
            id="content that is a number",
        ),
        pytest.param(
            [{"role": "user", "content": [{"role": "x", "content": "a"}]}],
            "input[0].content[0].role",
            "must be user or model",
            id="a turn in a turn",
        ),
        pytest.param(
            [HI, {"role": "user", "content": "a", "foo": 1}],
            "input[1].foo",
            "is no member of a turn",
            id="another member of a turn",
        ),
        pytest.param(
            {"role": "user", "parts": [{"text": "a"}]},
            "input.parts",
            "is no member of a turn",
            id="the content of a turn under another name",
        ),
        pytest.param(
            [{"role": "model", "content": [HI], "status": "done"}],
            "input[0].status",
            "is no member of a turn",
            id="another member of the model's turn",
        ),
        pytest.param(
            [{"type": "user_input", "content": [{"role": "user"}], "foo": 1}],
            "input[0].foo",
            "is no member of a step that holds steps",
            id="another member of a step that is taken apart",
        ),
    ],
)
def test_an_impossible_input_is_refused_where_it_stands(
    value: Any, path: str, message: str
) -> None:
    with pytest.raises(RevisionError) as caught:
        upgrade({"input": value})

    assert (caught.value.path, caught.value.message) == (path, message)


@pytest.mark.parametrize("body", [[], "Hi", None, 1])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(RevisionError, match="the body must be a JSON object"):
        upgrade(body)


def test_nesting_without_end_is_refused_with_the_member() -> None:
    deep: Any = {}
    for _ in range(100):
        deep = {"a": deep}

    with pytest.raises(RevisionError) as caught:
        upgrade({"generation_config": deep})

    assert str(caught.value) == "generation_config is nested too deeply"


def test_the_body_that_was_sent_is_left_as_it_is() -> None:
    sent = {"input": [{"role": "user", "content": [{**HI, "annotations": None}]}]}
    before = json.dumps(sent)

    upgrade(sent)

    assert json.dumps(sent) == before


@pytest.mark.parametrize(
    ("value", "upgraded", "sent"),
    [
        pytest.param("Hi", "input.text", "input.text", id="nothing moved"),
        pytest.param(
            [HI, RESULT], "input[0].content[0].text", "input[0].text", id="a content"
        ),
        pytest.param(
            [HI, IMAGE, RESULT], "input[1].result", "input[2].result", id="step"
        ),
        pytest.param(
            [HI, IMAGE, RESULT],
            "input[0].content[1].uri",
            "input[1].uri",
            id="in a run",
        ),
        pytest.param(
            [{"role": "user", "content": [RESULT, HI]}],
            "input[1].content[0].text",
            "input[0].content[1].text",
            id="in a turn",
        ),
        pytest.param(
            [{"role": "user", "content": [RESULT, HI]}],
            "input[1].content",
            "input[0].content",
            id="a turn's content",
        ),
        pytest.param(
            [{"role": "user", "content": HI}, RESULT],
            "input[0].content[0].text",
            "input[0].content.text",
            id="a turn with one content",
        ),
        pytest.param(RESULT, "input[0].call_id", "input.call_id", id="no list"),
        pytest.param([RESULT], "tools[0].name", "tools[0].name", id="another member"),
    ],
)
def test_paths_lead_back_to_what_was_sent(value: Any, upgraded: str, sent: str) -> None:
    assert upgrade({"input": value}).origin(upgraded) == sent


def sent_inputs() -> list[Any]:
    """Return every whole `input` that a fixture saw an SDK send."""
    cases = []
    for path in sorted(
        [*FIXTURES.glob("req_*.json"), *FIXTURES.glob("legacy_input_*")]
    ):
        for check in json.loads(path.read_text())["expect"]:
            if check["path"] == "requests[0].body.input" and "equals" in check:
                clients = "-".join(check.get("clients", ["all"]))
                cases.append(pytest.param(check["equals"], id=f"{path.stem}-{clients}"))
    return cases


@pytest.mark.parametrize("value", sent_inputs())
def test_what_sdks_really_send_has_a_form_of_the_hub(value: Any) -> None:
    hub = upgrade({"model": "m", "input": value}).body["input"]

    if isinstance(value, list) and "role" in value[0]:
        assert [step["type"] for step in hub] == ["user_input", "model_output"]
        assert all(isinstance(step["content"], list) for step in hub)
    else:
        assert hub == value


def test_a_list_that_mixes_steps_and_contents_is_a_list_of_steps() -> None:
    fixture = json.loads((FIXTURES / "req_mixed_steps_and_contents.json").read_text())

    hub = upgrade(fixture["call"]["args"]).body["input"]

    assert hub == [says(HI), says({"type": "text", "text": "bare"})]
