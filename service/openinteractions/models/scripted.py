"""The `scripted` dialect: a deterministic model for tests, simulation and demos.

What it does is written in a script (`script` has the language). The newest user input
is the script if it begins with `script:`; else the model's name is, if it begins as
one; else it says what the user said. It reads no clock and draws no lots: the same
conversation gives the same events.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import NamedTuple

from openinteractions.core.errors import RequestError
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.engine.ports import ModelRequest
from openinteractions.models import signature, support
from openinteractions.models.profile import Profile
from openinteractions.models.script import (
    FAILURES,
    ScriptError,
    Statement,
    Verb,
    is_script,
    parse,
)
from openinteractions.v1 import (
    content_pb2,
    interaction_service_pb2,
    step_pb2,
    usage_pb2,
)

DIALECT = "scripted"
DIRECTIVE = "script:"

_PROFILE = Profile()


class Scripted:
    """A model that does what its script says.

    Args:
        endpoint: what errors call it.
        script: the script in place of the model's name.
    """

    def __init__(self, endpoint: str = DIALECT, *, script: str | None = None) -> None:
        self._endpoint = endpoint
        self._script = script

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that are ignored (see `ports.Model`)."""
        return support.check(request, _PROFILE)

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Return all events of the turn."""
        return [event async for batch in self.stream(request) for event in batch]

    async def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Yield the events of the turn, as many to a read as the script says."""
        scene = _scene(request)
        statements = _turn(scene, self._script or request.request.model)
        for read in _reads(statements, _Performance(scene, self._endpoint)):
            if read is None:
                await asyncio.Event().wait()
            else:
                for batch in filter(None, (read[:1], read[1:])):
                    yield batch


def _reads(
    statements: Iterable[Statement], performance: _Performance
) -> Iterator[list[ModelEvent] | None]:
    """Yield the events of each read; None where the model says nothing any more."""
    size = 1
    read: list[ModelEvent] = []
    for statement in statements:
        if statement.verb is Verb.READS:
            size = statement.numbers(1, 1)[0]
        elif statement.verb in (Verb.HANG, Verb.FAIL):
            yield read
            read = []
            if statement.verb is Verb.HANG:
                yield None
            else:
                performance.fail(statement)
        for event in performance.play(statement):
            read.append(event)
            if len(read) == size:
                yield read
                read = []
    yield [*read, *performance.end()]


class _Scene(NamedTuple):
    """What a script can see of the conversation."""

    said: str
    """The newest user input."""
    results: Sequence[step_pb2.FunctionResultStep]
    """The results since."""
    rounds: int
    """How often the model has been given results since."""
    words: int
    """Words in the whole conversation."""


def _scene(request: ModelRequest) -> _Scene:
    said, words, rounds = "", len(request.request.system_instruction.split()), 0
    results: list[step_pb2.FunctionResultStep] = []
    before = None
    for step in request.steps:
        kind = step.WhichOneof("kind")
        if kind == "user_input":
            text = _text(step.user_input.content)
            said = f"{said}\n{text}" if before == kind else text
            words += len(text.split())
            results, rounds = [], 0
        elif kind == "model_output":
            words += len(_text(step.model_output.content).split())
        elif kind == "function_result":
            rounds += before != kind
            results.append(step.function_result)
            words += len(_result(step.function_result).split())
        before = kind
    return _Scene(said, results, rounds, words)


def _turn(scene: _Scene, name: str) -> Sequence[Statement]:
    """Return the statements for this turn of the model."""
    directive = scene.said.lstrip()
    if directive.startswith(DIRECTIVE):
        text, field = directive.removeprefix(DIRECTIVE), "input"
    elif is_script(name):
        text, field = name, "model"
    else:
        return [Statement(Verb.ECHO)]
    try:
        turns = parse(text)
    except ScriptError as error:
        raise RequestError(f"{field}: {error}.", field=field) from None
    return turns[min(scene.rounds, len(turns) - 1)]


class _Performance:
    """Plays one turn, and counts what it costs."""

    def __init__(self, scene: _Scene, endpoint: str) -> None:
        self._scene = scene
        self._endpoint = endpoint
        self._calls = 0
        self._said = 0
        self._thought = 0
        self._reason: FinishReason | None = None
        self._usage: Sequence[int] | None = None

    def play(self, statement: Statement) -> Iterator[ModelEvent]:
        """Yield the events of a statement."""
        match statement.verb:
            case Verb.SAY:
                yield from self._say(statement.text)
            case Verb.WORDS:
                count = statement.numbers(1, 1)[0]
                yield from self._say(" ".join(f"word{n}" for n in range(count)))
            case Verb.ECHO:
                yield from self._say(self._scene.said)
            case Verb.RESULTS:
                found = (f"{r.name}={_result(r)}" for r in self._scene.results)
                yield from self._say("; ".join(found) or "no results")
            case Verb.THINK:
                yield from self._think(statement.text)
            case Verb.CALL:
                yield from self._call(*statement.call())
            case Verb.USAGE:
                self._usage = statement.numbers(4, 0)
            case Verb.FINISH:
                self._reason = FinishReason(statement.text)

    def fail(self, statement: Statement) -> None:
        """Raise the error that a statement names."""
        kind, _, wait = statement.text.partition(" ")
        raise FAILURES[kind](
            f'The model server "{self._endpoint}" fails as its script says.',
            metadata={"endpoint": self._endpoint},
            retry_after=float(wait) if wait else None,
        )

    def end(self) -> list[ModelEvent]:
        """Return the events with which every turn ends."""
        usual = FinishReason.CALLS if self._calls else FinishReason.STOP
        counted = (self._scene.words, self._said, self._thought, 0)
        read, said, thought, cached = self._usage or counted
        usage = usage_pb2.Usage(
            total_input_tokens=read,
            total_output_tokens=said,
            total_thought_tokens=thought,
            total_cached_tokens=cached,
            total_tool_use_tokens=0,
            total_tokens=read + said + thought,
        )
        usage.input_tokens_by_modality.add(modality="text", tokens=read)
        usage.output_tokens_by_modality.add(modality="text", tokens=said)
        return [Finish(self._reason or usual), Spent(usage)]

    def _say(self, text: str) -> Iterator[ModelEvent]:
        for piece in _pieces(text):
            self._said += 1
            yield Text(piece)

    def _think(self, text: str) -> Iterator[ModelEvent]:
        for piece in _pieces(text):
            self._thought += 1
            yield Thought(piece)
        yield Signature(signature.encode(DIALECT, {}))

    def _call(self, name: str, arguments: str) -> Iterator[ModelEvent]:
        index, middle = self._calls, len(arguments) // 2
        self._calls += 1
        self._said += 1
        yield CallFragment(index, "", name, arguments[:middle])
        yield CallFragment(index, "", "", arguments[middle:])


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text) or [text] * bool(text)


def _text(contents: Sequence[content_pb2.Content]) -> str:
    return "\n".join(c.text.text for c in contents if c.HasField("text"))


def _result(step: step_pb2.FunctionResultStep) -> str:
    result = step.result
    if result.WhichOneof("value") == "contents":
        return _text(result.contents.items)
    return result.text or result.json
