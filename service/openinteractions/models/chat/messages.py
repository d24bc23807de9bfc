"""The conversation as chat messages.

Chat servers want one assistant message for everything that the model did between two
turns of the user, with a tool message right after it for each of its calls, and no
two user messages in a row. Steps are finer than that: here they are put together.

Only user messages can have media. Those that the model has made, and those in results
of functions, are shown by the next user message; in their place stands a label, by
which that message names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openinteractions.core.errors import NotSupportedError
from openinteractions.models import signature
from openinteractions.models.chat.parts import Part, part
from openinteractions.models.contents import result_text
from openinteractions.models.pairing import ERROR_PREFIX, NO_RESULT, pair
from openinteractions.models.profile import Profile
from openinteractions.v1 import content_pb2, step_pb2

DIALECT = "chat"
"""The name under which this dialect signs thoughts."""

REASONING = "reasoning"
"""The member of a signature's item that has the thought's text."""

Messages = list[dict[str, Any]]


def messages(
    system_instruction: str, steps: Sequence[step_pb2.Step], profile: Profile
) -> Messages:
    """Return the messages, oldest first.

    Raises:
        NotSupportedError: a step or content that this dialect cannot say.
    """
    writer = _Writer(profile, pair(steps))
    if system_instruction:
        writer.messages.append({"role": "system", "content": system_instruction})
    for index, step in enumerate(steps):
        writer.add(index, step)
    writer.end_turns()
    return writer.messages


class _Writer:
    """Puts steps together to messages."""

    def __init__(
        self, profile: Profile, results: Mapping[int, step_pb2.FunctionResultStep]
    ) -> None:
        self.messages: Messages = []
        self._member = profile.reasoning_member
        self._results = results
        self._user: list[str] = []
        self._parts: list[Part] = []
        """The user's message up to its last medium; the texts after that are above."""
        self._shown: list[tuple[str, content_pb2.Content]] = []
        self._labels = 0
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._calls: dict[int, step_pb2.FunctionCallStep] = {}

    def add(self, index: int, step: step_pb2.Step) -> None:
        """Take the next step."""
        kind = step.WhichOneof("kind")
        if kind == "user_input":
            self._end_model_turn()
            self._say(step.user_input.content)
        elif kind == "model_output":
            self._texts += self._told(step.model_output.content, "your own")
        elif kind == "function_call":
            self._calls[index] = step.function_call
        elif kind == "thought":
            self._think(step.thought)
        elif kind == "function_result":
            self._end_model_turn()  # which has written the result already
        elif kind is not None:
            raise NotSupportedError(
                f"input: steps of type {kind} are not supported by this model.",
                field="input",
            )

    def end_turns(self) -> None:
        """Write what is still open."""
        self._end_model_turn()
        self._end_user_turn()

    def _end_user_turn(self) -> None:
        if self._parts:
            self._end_text()
            self.messages.append({"role": "user", "content": self._parts})
            self._parts = []
        elif self._user:
            self.messages.append({"role": "user", "content": "\n".join(self._user)})
            self._user = []

    def _end_text(self) -> None:
        if self._user:
            self._parts.append({"type": "text", "text": "\n".join(self._user)})
            self._user = []

    def _say(self, contents: Iterable[content_pb2.Content]) -> None:
        for content in contents:
            if content.HasField("text"):
                self._user.append(content.text.text)
            else:
                self._end_text()
                self._parts.append(part(content))

    def _end_model_turn(self) -> None:
        if not self._texts and not self._calls:
            self._thoughts = []  # a thought that led to nothing
            return
        self._end_user_turn()
        text = "".join(self._texts)
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        if self._thoughts and self._member:
            message[self._member] = "".join(self._thoughts)
        calls = _identified(self._calls)
        if calls:
            message["tool_calls"] = [_call(name, call) for name, call in calls.items()]
        elif not text:
            message["content"] = ""
        self.messages.append(message)
        for index, name in zip(self._calls, calls, strict=True):
            said = self._result(self._results.get(index))
            tool = {"role": "tool", "tool_call_id": name, "content": said}
            self.messages.append(tool)
        self._texts, self._thoughts, self._calls = [], [], {}
        for label, content in self._shown:
            self._user.append(label)
            self._say([content])
        self._shown.clear()

    def _result(self, step: step_pb2.FunctionResultStep | None) -> str:
        if step is None:
            return NO_RESULT
        if step.result.HasField("contents"):
            whose = f"from the result of {step.name}"
            text = "\n".join(self._told(step.result.contents.items, whose))
        else:
            text = result_text(step)
        return ERROR_PREFIX + text if step.is_error else text

    def _told(self, contents: Iterable[content_pb2.Content], whose: str) -> list[str]:
        """Return the contents in words, and have the next user message show media."""
        words = []
        for content in contents:
            if content.HasField("text"):
                words.append(content.text.text)
                continue
            self._labels += 1
            label = f"[{content.WhichOneof('kind')} {self._labels}]"
            self._shown.append((f"{label}, {whose}:", content))
            words.append(label)
        return words

    def _think(self, thought: step_pb2.ThoughtStep) -> None:
        if not self._member or not thought.signature:
            return
        item = signature.decode(thought.signature, DIALECT)
        text = item.get(REASONING) if item else None
        # Some clients send the newest thoughts again, beside the stored ones.
        if isinstance(text, str) and text not in self._thoughts:
            self._thoughts.append(text)


def _identified(
    calls: Mapping[int, step_pb2.FunctionCallStep],
) -> dict[str, step_pb2.FunctionCallStep]:
    """Return the calls of one message, each by an identifier of its own."""
    found: dict[str, step_pb2.FunctionCallStep] = {}
    for index, call in calls.items():
        name = call.id or f"call_{index}"
        found[name if name not in found else f"{name}_{index}"] = call
    return found


def _call(name: str, call: step_pb2.FunctionCallStep) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": name, "type": "function", "function": function}
