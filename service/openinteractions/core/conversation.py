"""The conversation that a model is given: stored turns and new input, put in order.

Every function result is placed right after the calls of its turn, with the id and the
name of its call, wherever down the chain it came; a call without a result stands
alone. Turns that were deleted are gaps: what would refer into a gap is left out
(design §7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openinteractions.core import inputs, origins
from openinteractions.core.errors import RequestError
from openinteractions.core.origins import Origin
from openinteractions.v1 import interaction_pb2, interaction_service_pb2, step_pb2

_GO_ON = "Go on, with the results of all function calls above."


@dataclass(slots=True)
class _Call:
    """A function call and, once it came, its result."""

    id: str
    step: step_pb2.Step
    turn: int
    """Counts turns, and so tells whether the call's turn was followed by a gap."""
    round: int
    """Counts results before it: calls of one round were made at once."""
    result: step_pb2.Step | None = None


class Conversation:
    """Puts a conversation in order, one step at a time."""

    def __init__(self) -> None:
        self.call_ids: set[str] = set()
        """The ids of all calls, so that a new one never gets one of them."""
        self.origins: dict[int, Origin] = {}
        """Where the steps with media came from, by the `id` of each step."""
        self._media: list[tuple[step_pb2.Step, step_pb2.Step]] = []
        """Steps of the turn being added that have media, as sent and as kept."""
        self._steps: list[step_pb2.Step | _Call] = []
        self._by_id: dict[str, _Call] = {}
        self._calls: list[_Call] = []
        self._turn = 0
        self._round = 0
        self._cut_turns: set[int] = set()
        self._unanswerable = False

    def add_turn(
        self,
        request: interaction_service_pb2.CreateInteractionRequest,
        interaction: interaction_pb2.Interaction,
        *,
        follows: str | None,
    ) -> None:
        """Add a stored turn; `follows` is the id of the turn added before it.

        A turn that continued another one than that has a deleted turn before it.
        """
        previous = interaction.previous_interaction_id or None
        if previous != follows:
            self._cut_turns.add(self._turn)
            self._unanswerable = True
        self._turn += 1
        steps = [*inputs.to_steps(request.input), *interaction.steps]
        self.note_ids(steps)
        for step in steps:
            self._add(step)
        if self._media:
            made = len(interaction.steps)
            self._note_media(request.input, steps, turn=interaction.id, made=made)

    def add_input(self, value: interaction_pb2.Input) -> None:
        """Add the new input.

        Raises:
            RequestError: a result answers a call that never was; or all that the
                input has are results of calls that were deleted.
        """
        self._turn += 1
        kept = 0
        steps = inputs.to_steps(value)
        self.note_ids(steps)
        for index, step in enumerate(steps):
            if self._add(step):
                kept += 1
            elif not self._unanswerable:
                path = f"{inputs.path_of_step(value, index)}.call_id"
                raise RequestError(
                    f"{path}: {_unanswerable(step.function_result)}", field=path
                )
        if self._media:
            self._note_media(value, steps, turn=None, made=0)
        if not kept:
            raise RequestError(
                "input: the function calls that these results answer were deleted.",
                field="input",
            )

    def steps(self) -> list[step_pb2.Step]:
        """Return the conversation, oldest first.

        It ends with something to answer: when the model had the last word (all that is
        new are results of earlier calls, which are in their places), it is asked to go
        on.
        """
        ordered: list[step_pb2.Step] = []
        group: list[_Call] = []
        for item in self._steps:
            if isinstance(item, _Call):
                # A model that called again had read the results of its last round.
                if group and group[-1].round != item.round:
                    self._flush(group, ordered)
                group.append(item)
                continue
            self._flush(group, ordered)
            ordered.append(item)
        self._flush(group, ordered)
        if _has_had_the_last_word(ordered):
            ordered.append(_go_on())
        return ordered

    def _flush(self, group: list[_Call], ordered: list[step_pb2.Step]) -> None:
        """Write a run of calls, then their results, in the order of the calls."""
        kept = [
            call
            for call in group
            if call.result is not None or call.turn not in self._cut_turns
        ]
        ordered.extend(call.step for call in kept)
        ordered.extend(call.result for call in kept if call.result is not None)
        group.clear()

    def note_ids(self, steps: Sequence[step_pb2.Step]) -> None:
        """Take note of given ids first, so that a made-up one is none of them."""
        for step in steps:
            if step.HasField("function_call") and step.function_call.id:
                self.call_ids.add(step.function_call.id)

    def _add(self, step: step_pb2.Step) -> bool:
        """Add a step; False for a result whose call is not there."""
        if step.HasField("function_call"):
            self._add_call(step)
        elif step.HasField("function_result"):
            return self._add_result(step)
        else:
            self._steps.append(step)
            # Every text of every turn comes by here: no call, and no generator.
            for content in step.user_input.content or step.model_output.content:
                if not content.HasField("text"):
                    self._media.append((step, step))
                    break
        return True

    def _note_media(
        self,
        value: interaction_pb2.Input,
        steps: Sequence[step_pb2.Step],
        *,
        turn: str | None,
        made: int,
    ) -> None:
        """Take note of where media came from; the last `made` steps are output."""
        places = {id(step): index for index, step in enumerate(steps)}
        first = len(steps) - made
        for sent, kept in self._media:
            index = places[id(sent)]
            self.origins[id(kept)] = (
                origins.of_input(value, index, sent, turn)
                if turn is None or index < first
                else origins.of_output(index - first, sent, turn)
            )
        self._media.clear()

    def _add_call(self, step: step_pb2.Step) -> None:
        call_id = step.function_call.id
        if not call_id:
            # Some clients do not know the id; the model's server needs one.
            call_id = self._made_up_id()
            named = step_pb2.Step()
            named.CopyFrom(step)
            named.function_call.id = call_id
            step = named
        call = _Call(id=call_id, step=step, turn=self._turn, round=self._round)
        self.call_ids.add(call_id)
        self._by_id[call_id] = call
        self._calls.append(call)
        self._steps.append(call)

    def _made_up_id(self) -> str:
        number = len(self._calls)
        while f"call{number}" in self.call_ids:
            number += 1
        return f"call{number}"

    def _add_result(self, step: step_pb2.Step) -> bool:
        call = self._find(step.function_result)
        if call is None:
            return False
        result = step_pb2.Step()
        result.CopyFrom(step)
        result.function_result.call_id = call.id
        result.function_result.name = call.step.function_call.name
        call.result = result
        returned = result.function_result.result.contents.items
        if any(not content.HasField("text") for content in returned):
            self._media.append((step, result))
        self._round += 1
        return True

    def _find(self, result: step_pb2.FunctionResultStep) -> _Call | None:
        if result.call_id:
            return self._by_id.get(result.call_id)
        for call in self._calls:
            same = not result.name or call.step.function_call.name == result.name
            if call.result is None and same:
                return call
        return None


def _unanswerable(result: step_pb2.FunctionResultStep) -> str:
    if result.call_id:
        return f"no function call has the id {result.call_id!r}."
    of = f" of {result.name!r}" if result.name else ""
    return f"it is empty, and no call{of} is without a result."


def _has_had_the_last_word(steps: Sequence[step_pb2.Step]) -> bool:
    """Say whether the model was the last to speak.

    Thoughts do not count: some clients send the last one back along with the results
    of the calls that followed it.
    """
    for step in reversed(steps):
        if not step.HasField("thought"):
            return step.HasField("model_output")
    return True


def _go_on() -> step_pb2.Step:
    step = step_pb2.Step()
    step.user_input.content.add().text.text = _GO_ON
    return step
