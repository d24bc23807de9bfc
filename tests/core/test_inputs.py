"""Inputs as steps, in front of others, without copies of large media in between."""

from __future__ import annotations

import subprocess
import sys

import pytest

from openinteractions.core import inputs
from openinteractions.v1 import interaction_pb2, step_pb2

Input = interaction_pb2.Input
Interaction = interaction_pb2.Interaction


def text(said: str) -> Input:
    return Input(text=said)


def content(said: str) -> Input:
    made = Input()
    made.content.text.text = said
    return made


def contents(*said: str) -> Input:
    made = Input()
    for each in said:
        made.contents.items.add().text.text = each
    return made


def steps(*said: str) -> Input:
    made = Input()
    for each in said:
        made.steps.items.add().user_input.content.add().text.text = each
    return made


def told(step: step_pb2.Step) -> list[str]:
    which = step.WhichOneof("kind")
    found = step.user_input if which == "user_input" else step.model_output
    return [each.text.text for each in found.content]


FORMS = [
    (text("a"), [["a"]]),
    (content("a"), [["a"]]),
    (contents("a", "b"), [["a", "b"]]),
    (steps("a", "b"), [["a"], ["b"]]),
]


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_every_form_is_steps(form: Input, expected: list[list[str]]) -> None:
    assert [told(step) for step in inputs.to_steps(form)] == expected


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_an_input_stands_in_front_of_what_is_there(
    form: Input, expected: list[list[str]]
) -> None:
    interaction = Interaction()
    for said in ("y", "z"):
        interaction.steps.add().model_output.content.add().text.text = said
    before = Input.FromString(form.SerializeToString())

    inputs.put_in_front(interaction.steps, form)

    assert [told(step) for step in interaction.steps] == [*expected, ["y"], ["z"]]
    assert form == before


PROGRAM = """
import resource, sys
from openinteractions.core import inputs
from openinteractions.v1 import interaction_pb2

SIZE = 64 * 1024 * 1024
made, interaction = interaction_pb2.Input(), interaction_pb2.Interaction()
if sys.argv[1] == "steps":
    content = made.steps.items.add().user_input.content.add()
else:
    content = made.contents.items.add()
content.image.data = bytes(SIZE)
unit = 1 if sys.platform == "darwin" else 1024
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
before = used()
if sys.argv[2] == "front":
    inputs.put_in_front(interaction.steps, made)
else:
    kept = inputs.to_steps(made)
print((used() - before) / SIZE)
"""


@pytest.mark.parametrize(
    ("form", "way"), [("steps", "front"), ("contents", "front"), ("contents", "steps")]
)
def test_large_media_are_copied_once(form: str, way: str) -> None:
    command = [sys.executable, "-c", PROGRAM, form, way]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert float(done.stdout) < 1.3
