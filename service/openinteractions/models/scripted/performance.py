"""One turn of the scripted model: statements in, events out, and what they cost.

Keeps to what the request allows: words and calls up to `max_output_tokens`, text up to
the first of `stop_sequences`, and calls of functions that `tool_choice` lets it make.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
from openinteractions.models import signature
from openinteractions.models.contents import result_text
from openinteractions.models.scripted.scene import Scene
from openinteractions.models.scripted.script import FAILURES, Statement, Verb
from openinteractions.v1 import usage_pb2

DIALECT = "scripted"


class Performance:
    """Plays one turn.

    Args:
        scene: what there is to see, and what is allowed.
        statements: of the turn, in order.
        endpoint: what errors call it.
    """

    def __init__(
        self, scene: Scene, statements: Sequence[Statement], endpoint: str
    ) -> None:
        self._scene = scene
        self._endpoint = endpoint
        self._calls = 0
        self._said = 0
        self._thought = 0
        self._reason: FinishReason | None = None
        self._usage: Sequence[int] | None = None
        # Characters of text until a stop sequence; it may span statements.
        self._room = _room("".join(map(self._text, statements)), scene.stops)
        self.over = False
        """Whether the turn has ended before its statements have."""

    def play(self, statement: Statement) -> Iterator[ModelEvent]:
        """Yield the events of a statement, as many as are allowed."""
        match statement.verb:
            case Verb.SAY | Verb.WORDS | Verb.ECHO | Verb.RESULTS:
                yield from self._say(self._text(statement))
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

    def _text(self, statement: Statement) -> str:
        """Return the text that a statement says, were there no limits."""
        match statement.verb:
            case Verb.SAY:
                return statement.text
            case Verb.WORDS:
                count = statement.numbers(1, 1)[0]
                return " ".join(f"word{n}" for n in range(count))
            case Verb.ECHO:
                return self._scene.said
            case Verb.RESULTS:
                found = (f"{r.name}={result_text(r)}" for r in self._scene.results)
                return "; ".join(found) or "no results"
        return ""

    def _say(self, text: str) -> Iterator[ModelEvent]:
        for whole in _pieces(text):
            piece = whole[: self._room]
            if piece:
                if not self._may_go_on():
                    return
                self._said += 1
                yield Text(piece)
            if self._room is not None:
                self._room -= len(piece)
                if not self._room:
                    self._stop(None)
                    return

    def _think(self, text: str) -> Iterator[ModelEvent]:
        thought = self._thought
        for piece in _pieces(text):
            if not self._may_go_on():
                break
            self._thought += 1
            yield Thought(piece)
        if self._thought > thought:
            yield Signature(signature.encode(DIALECT, {}))

    def _call(self, name: str, arguments: str) -> Iterator[ModelEvent]:
        if not self._scene.may_call(name) or not self._may_go_on():
            return
        index, middle = self._calls, len(arguments) // 2
        self._calls += 1
        self._said += 1
        yield CallFragment(index, "", name, arguments[:middle])
        yield CallFragment(index, "", "", arguments[middle:])

    def _may_go_on(self) -> bool:
        if self._scene.most is None or self._said + self._thought < self._scene.most:
            return True
        self._stop(FinishReason.LENGTH)
        return False

    def _stop(self, reason: FinishReason | None) -> None:
        self._reason = reason
        self.over = True


def _room(text: str, stops: Sequence[str]) -> int | None:
    """Return where in a text the first stop sequence begins, None without one."""
    return min((at for stop in stops if (at := text.find(stop)) >= 0), default=None)


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text) or [text] * bool(text)
