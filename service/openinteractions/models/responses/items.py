"""The conversation as input items.

Items are as fine as steps are, so each step is an item of its own. Three things the
dialect insists on: every call has its output, every output its call, and a reasoning
item comes right before what it led to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openinteractions.core.errors import NotSupportedError
from openinteractions.models import signature
from openinteractions.models.contents import result_text, texts
from openinteractions.models.pairing import ERROR_PREFIX, NO_RESULT, pair
from openinteractions.models.responses.parts import parts
from openinteractions.v1 import content_pb2, step_pb2

DIALECT = "responses"
"""The name under which this dialect signs thoughts."""

ITEM = "reasoning"
"""The member of a signature's item that has the reasoning item."""

Item = dict[str, Any]


def items(steps: Sequence[step_pb2.Step]) -> list[Item]:
    """Return the input items, oldest first.

    Raises:
        NotSupportedError: a step or content that this dialect cannot say.
    """
    writer = _Writer(pair(steps))
    for index, step in enumerate(steps):
        writer.add(index, step)
    writer.end_turn()
    return writer.items


class _Writer:
    """Writes steps as items."""

    def __init__(self, results: Mapping[int, step_pb2.FunctionResultStep]) -> None:
        self.items: list[Item] = []
        self._results = results
        self._thoughts: list[Item] = []
        self._outputs: list[Item] = []
        self._shown: list[content_pb2.Content] = []
        self._known: set[str] = set()
        self._names: set[str] = set()

    def add(self, index: int, step: step_pb2.Step) -> None:
        """Take the next step."""
        kind = step.WhichOneof("kind")
        if kind == "user_input":
            self.end_turn()
            self._say("user", parts(step.user_input.content))
        elif kind == "model_output":
            self._answer(step.model_output)
        elif kind == "thought":
            self._think(step.thought)
        elif kind == "function_call":
            self._call(index, step.function_call)
        elif kind == "function_result":
            self.end_turn()  # which writes the result
        elif kind is not None:
            raise NotSupportedError(
                f"input: steps of type {kind} are not supported by this model.",
                field="input",
            )

    def end_turn(self) -> None:
        """Write what the model's turn leaves behind: results, and what it has shown."""
        self._thoughts = []  # those that led to nothing
        self.items += self._outputs
        self._outputs = []
        shown, self._shown = self._shown, []
        if shown:
            self._say("user", parts(shown))

    def _say(self, role: str, content: Any) -> None:
        if content:
            self.items.append({"type": "message", "role": role, "content": content})

    def _answer(self, output: step_pb2.ModelOutputStep) -> None:
        text = "".join(texts(output.content))
        if text:
            self._lead()
            self._say("assistant", text)
        # Assistants' messages have words only; media come back as the user's.
        self._shown += [c for c in output.content if c.WhichOneof("kind") != "text"]

    def _think(self, thought: step_pb2.ThoughtStep) -> None:
        said = signature.decode(thought.signature, DIALECT)
        item = said.get(ITEM) if said else None
        # Some clients send the newest thoughts again, beside the stored ones.
        if isinstance(item, dict) and (name := _name(item)) not in self._known:
            self._known.add(name)
            self._thoughts.append({**item, "type": "reasoning"})

    def _lead(self) -> None:
        self.items += self._thoughts
        self._thoughts = []

    def _call(self, index: int, call: step_pb2.FunctionCallStep) -> None:
        self._lead()
        name = call.id or f"call_{index}"
        if name in self._names:
            name = f"{name}_{index}"
        self._names.add(name)
        self.items.append(
            {
                "type": "function_call",
                "call_id": name,
                "name": call.name,
                "arguments": call.arguments or "{}",
            }
        )
        output = _output(self._results.get(index))
        self._outputs.append(
            {"type": "function_call_output", "call_id": name, "output": output}
        )


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("id") or item.get("encrypted_content"))


def _output(step: step_pb2.FunctionResultStep | None) -> Any:
    if step is None:
        return NO_RESULT
    contents = step.result.contents.items
    if any(content.WhichOneof("kind") != "text" for content in contents):
        prefix = [{"type": "input_text", "text": ERROR_PREFIX}] if step.is_error else []
        return prefix + parts(contents)
    text = result_text(step)
    return ERROR_PREFIX + text if step.is_error else text
