"""Whether an interaction says what the model said, found in its words alone.

Every word of the model names its round, its attempt and its place (see `scripts`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from openinteractions.core.lifecycle import CUT
from openinteractions.v1 import interaction_pb2, step_pb2
from tests.simulation.scripts import Script

Status = interaction_pb2.InteractionStatus
Step = step_pb2.Step

TOKEN = re.compile(r"<(\d+)\.(\d+)\.(\d+)>")


def fault(interaction: interaction_pb2.Interaction, script: Script) -> str | None:
    """Say what is wrong with an interaction that has ended, if anything is."""
    rounds = _rounds(interaction.steps)
    whole = interaction.status not in CUT
    limit = interaction.status == Status.INTERACTION_STATUS_INCOMPLETE
    for number, (texts, calls) in enumerate(rounds):
        said = script.rounds[number]
        first = said.thoughts
        if len({attempt for _, attempt, _ in texts}) > 1:
            return f"mixes attempts: {texts}"
        if [place for *_, place in texts] != [*range(first, first + len(texts))]:
            return f"has other text than was said: {texts}"
        if number == len(rounds) - 1 and not (whole or limit):
            continue
        if len(texts) != said.texts:
            return f"lacks text: {texts}"
        if len(calls) != len(said.calls):
            return f"lacks calls: {calls}"
    spent = interaction.usage.total_output_tokens
    if whole and spent != (due := _spent(interaction, script, len(rounds))):
        return f"has cost {spent}, not {due}"
    return None


def _spent(
    interaction: interaction_pb2.Interaction, script: Script, rounds: int
) -> int:
    """Return what the rounds cost that were asked for."""
    # The last one may have no words that would show it.
    all_said = interaction.status == Status.INTERACTION_STATUS_COMPLETED
    asked = script.rounds if all_said else script.rounds[:rounds]
    return sum(len(one.pauses) for one in asked)


_Round = tuple[list[tuple[int, int, int]], list[str]]


def _rounds(steps: Sequence[Step]) -> list[_Round]:
    """Return the texts and the calls of each round."""
    rounds: dict[int, _Round] = {}
    for step in steps:
        text = "".join(part.text.text for part in step.model_output.content)
        for round_, attempt, place in TOKEN.findall(text):
            texts, _ = rounds.setdefault(int(round_), ([], []))
            texts.append((int(round_), int(attempt), int(place)))
        if step.HasField("function_call"):
            number = int(step.function_call.id.split("-")[1])
            _, calls = rounds.setdefault(number, ([], []))
            calls.append(step.function_call.id)
    return [
        rounds.get(number, ([], [])) for number in range(max(rounds, default=-1) + 1)
    ]
