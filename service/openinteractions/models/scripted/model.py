"""The `scripted` dialect: a deterministic model for tests, simulation and demos.

What it does is written in a script (`script` has the language). The newest user input
is the script if it begins with `script:`; else the model's name is, if it begins as
one; else it says what the user said. It reads no clock and draws no lots: the same
conversation gives the same events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import formats, support
from openinteractions.models.profile import Profile
from openinteractions.models.scripted import scene
from openinteractions.models.scripted.performance import DIALECT, Performance
from openinteractions.models.scripted.scene import Scene
from openinteractions.models.scripted.script import (
    ScriptError,
    Statement,
    Verb,
    is_script,
    parse,
)
from openinteractions.v1 import interaction_service_pb2

DIRECTIVE = "script:"

_PROFILE = Profile(seed=False, reasoning_effort=False)

_ACCEPTS = Accepts()

_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
)
"""Members that choose among answers; a script has but one."""


class Scripted:
    """A model that does what its script says.

    Args:
        endpoint: what errors call it.
        script: the script in place of the model's name.
    """

    def __init__(self, endpoint: str = DIALECT, *, script: str | None = None) -> None:
        self._endpoint = endpoint
        self._script = script

    @property
    def accepts(self) -> Accepts:
        """What media it takes: all."""
        return _ACCEPTS

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that are ignored (see `ports.Model`)."""
        ignored = support.check(request, _PROFILE)
        if formats.read(request).json:
            has_format = request.HasField("response_format")
            path = formats.FIELD if has_format else "response_mime_type"
            raise NotSupportedError(
                f'{path}: the model "{request.model}" cannot be held to JSON.',
                field=path,
            )
        config = request.generation_config
        sampling = [name for name in _SAMPLING if config.HasField(name)]
        return [*ignored, *(f"generation_config.{name}" for name in sampling)]

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Return all events of the turn."""
        return [event async for batch in self.stream(request) for event in batch]

    async def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Yield the events of the turn, as many to a read as the script says."""
        seen = scene.read(request)
        statements = _turn(seen, self._script or request.request.model)
        performance = Performance(seen, statements, self._endpoint)
        for read in _reads(statements, performance):
            if read is None:
                await asyncio.Event().wait()
            else:
                for batch in filter(None, (read[:1], read[1:])):
                    yield batch


def _reads(
    statements: Iterable[Statement], performance: Performance
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
        if performance.over:
            break
    yield [*read, *performance.end()]


def _turn(seen: Scene, name: str) -> Sequence[Statement]:
    """Return the statements for this turn, with a call if the request wants one."""
    statements = _written(seen, name)
    if seen.choice.mode != "any" or any(
        said.verb is Verb.CALL and seen.may_call(said.call()[0]) for said in statements
    ):
        return statements
    calls = [Statement(Verb.CALL, tool.name) for tool in seen.choice.functions[:1]]
    return [*statements, *calls]


def _written(seen: Scene, name: str) -> Sequence[Statement]:
    """Return the statements of the script for this turn of the model."""
    directive = seen.said.lstrip()
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
    return turns[min(seen.rounds, len(turns) - 1)]
