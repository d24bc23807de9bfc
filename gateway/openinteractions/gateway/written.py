"""From a plan of a message's fields to a function that makes a JSON object of it.

The functions are written out as source, as a programmer would write one for that type
alone: events are many and small, and a loop over their fields costs twice as much. For
messages of many fields, few of them set, `ListFields` finds those sooner than asking.
"""

from __future__ import annotations

from collections.abc import Callable
from keyword import iskeyword
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Encode = Callable[[Any], Any]
"""Makes a JSON value out of a message, or out of the value of a field."""

Write = Callable[[dict[str, Any], Any], None]
"""Writes the value of a field into the JSON object that is being made."""

Plan = dict[FieldDescriptor, tuple[str, Encode | None, Write | None]]
"""What becomes of each field: it is written, or is a member, encoded or as it is."""

FEW = 4
"""Up to how many fields are asked for one by one; those of a union count as one."""


def encoding(plan: Plan) -> Encode:
    """Return what makes an object of a message."""
    function: Encode = _function(plan, "message", "made = {}", "return made")
    return function


def writing(plan: Plan, discriminator: str, tag: str) -> Write:
    """Return what writes a message into an object, after the tag that tells of it."""
    first = f"made[{discriminator!r}] = {tag!r}"
    function: Write = _function(plan, "made, message", first, "return")
    return function


def _function(plan: Plan, parameters: str, first: str, last: str) -> Any:
    union = {
        field.name: write
        for field, (_, _, write) in plan.items()
        if write is not None and field.containing_oneof is not None
    }
    scope: dict[str, Any] = {"union": union}
    if len(plan) - len(union) + bool(union) <= FEW:
        lines = _questions(plan, scope)
    else:
        scope["fill"] = _filling(plan)
        lines = ["fill(made, message)"]
    source = "\n    ".join([f"def function({parameters}):", first, *lines, last])
    # Nothing comes from outside: names of fields, and literals.
    exec(source, scope)  # noqa: S102
    return scope["function"]


def _questions(plan: Plan, scope: dict[str, Any]) -> list[str]:
    """Return lines that ask for each field, in the order of `ListFields`."""
    lines: list[str] = []
    asked_for_union = False
    for field in sorted(plan, key=lambda field: field.number):
        key, encode, write = plan[field]
        name = field.name
        oneof = field.containing_oneof
        if oneof is not None and name in scope["union"]:
            if not asked_for_union:
                lines += [
                    f"name = message.WhichOneof({oneof.name!r})",
                    "if name:",
                    "    union[name](made, getattr(message, name))",
                ]
            asked_for_union = True
            continue
        value = f"getattr(message, {name!r})" if iskeyword(name) else f"message.{name}"
        has = f"message.HasField({name!r})"
        if not field.has_presence:
            lines += [f"value = {value}", "if value:"]
        elif field.message_type is None:
            # What is not empty is there: nearly always the shorter way.
            lines += [f"value = {value}", f"if value or {has}:"]
        else:
            lines += [f"if {has}:", f"    value = {value}"]
        if write is not None:
            scope[f"write_{name}"] = write
            lines.append(f"    write_{name}(made, value)")
        elif encode is not None:
            scope[f"encode_{name}"] = encode
            lines.append(f"    value = encode_{name}(value)")
            lines.append(f"    if value is not None: made[{key!r}] = value")
        else:
            lines.append(f"    made[{key!r}] = value")
    return lines


def _filling(plan: Plan) -> Write:
    """Return what fills an object with the fields that are set."""

    def fill(made: dict[str, Any], message: Message) -> None:
        for field, value in message.ListFields():
            key, encode, write = plan[field]
            if encode is not None:
                encoded = encode(value)
                if encoded is not None:
                    made[key] = encoded
            elif write is None:
                made[key] = value
            else:
                write(made, value)

    return fill
