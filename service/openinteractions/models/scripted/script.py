"""The language of scripts for the scripted model.

A script is a list of statements, separated by `;` or line breaks. Each makes events of
one model turn, in order:

    say TEXT              the answer's text, one event to a word
    think TEXT            reasoning, one event to a word, then its signature
    words N               say `word0 word1 …`
    echo                  say the newest user text
    results               say the results of functions as `name=result`, in order
    call NAME JSON        a function call, its arguments in two fragments; calls in a
                          row are parallel. Without JSON: no arguments
    usage IN OUT THOUGHT CACHED    tokens; left out: counted in words
    finish REASON         `stop` or `length`; left out: as it follows
    fail KIND SECONDS     raise an error of `FAILURES`; SECONDS is its retry-after
    hang                  wait until cancelled
    reads N               from here on, N events come with one read (default 1)
    turn                  what follows is for the next model turn

Model turns are counted from the newest user input: the first answers it, the second
the results of the first one's calls, and so on; the last is used for all further ones.
A script without `turn` that calls functions answers their results with `results`.

What the request asks for comes before the script. `max_output_tokens` counts words and
calls: a turn that has more ends there, with the reason `length`. Text ends before the
first of `stop_sequences`, and so does the turn. Calls that `tool_choice` forbids are
left out; where it wants one (`any`) and the turn has none, the first function allowed
is called at its end, without arguments whatever its schema says.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import orjson

from openinteractions.core import errors

FAILURES: Mapping[str, type[errors.DomainError]] = {
    "blocked": errors.ContentBlockedError,
    "refused": errors.UpstreamRefusedError,
    "credentials": errors.UpstreamCredentialsError,
    "quota": errors.UpstreamQuotaError,
    "rate_limited": errors.UpstreamRateLimitedError,
    "not_found": errors.UpstreamNotFoundError,
    "failed": errors.UpstreamFailedError,
    "unreachable": errors.UpstreamUnreachableError,
    "timeout": errors.UpstreamTimeoutError,
}
"""The kinds of failure."""

REASONS = ("stop", "length")

# A text in double quotes may have the separators in it.
_STATEMENT = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^;\n])+')


class Verb(enum.Enum):
    """What a statement does."""

    SAY = "say"
    THINK = "think"
    WORDS = "words"
    ECHO = "echo"
    RESULTS = "results"
    CALL = "call"
    USAGE = "usage"
    FINISH = "finish"
    FAIL = "fail"
    HANG = "hang"
    READS = "reads"
    TURN = "turn"


class Statement(NamedTuple):
    """One statement, and the words that follow its verb."""

    verb: Verb
    text: str = ""

    def numbers(self, count: int, default: int) -> list[int]:
        """Return the text's numbers, filled up to `count` with the default."""
        found = [int(word) for word in self.text.split()]
        return [*found, *[default] * (count - len(found))]

    def call(self) -> tuple[str, str]:
        """Return the name and the arguments of a `call`."""
        name, _, arguments = self.text.partition(" ")
        return name, arguments.strip() or "{}"


class ScriptError(Exception):
    """A text is no script; says what is wrong with it."""


def is_script(text: str) -> bool:
    """Say whether a text begins as a script does."""
    word = text.partition("\n")[0].partition(";")[0].split()[:1]
    return bool(word) and word[0] in {verb.value for verb in Verb}


def parse(text: str) -> list[list[Statement]]:
    """Return the statements of each model turn.

    Raises:
        ScriptError: the text is no script.
    """
    turns: list[list[Statement]] = [[]]
    for part in _STATEMENT.findall(text):
        if not part.strip():
            continue
        word, _, rest = part.strip().partition(" ")
        statement = _statement(word, rest.strip())
        if statement.verb is Verb.TURN:
            turns.append([])
        else:
            turns[-1].append(statement)
    if len(turns) == 1 and any(said.verb is Verb.CALL for said in turns[0]):
        turns.append([Statement(Verb.RESULTS)])
    return turns


def _statement(word: str, text: str) -> Statement:
    try:
        statement = Statement(Verb(word), text)
    except ValueError:
        known = ", ".join(verb.value for verb in Verb)
        raise ScriptError(f"{word!r} is none of the verbs {known}") from None
    try:
        good = _is_good(statement)
    except ValueError:
        good = False
    if not good:
        raise ScriptError(f"{word!r} cannot be followed by {text!r}")
    return statement


def _is_good(statement: Statement) -> bool:
    return _FORMS[statement.verb](statement, statement.text.split())


_FORMS: Mapping[Verb, Callable[[Statement, Sequence[str]], bool]] = {
    Verb.SAY: lambda _, words: bool(words),
    Verb.THINK: lambda _, words: bool(words),
    Verb.WORDS: lambda said, words: len(words) == 1 and said.numbers(1, 1)[0] > 0,
    Verb.ECHO: lambda _, words: not words,
    Verb.RESULTS: lambda _, words: not words,
    Verb.CALL: lambda said, words: bool(words) and _is_object(said.call()[1]),
    Verb.USAGE: lambda said, words: len(words) <= 4 and min(said.numbers(4, 0)) >= 0,  # noqa: PLR2004
    Verb.FINISH: lambda said, _: said.text in REASONS,
    Verb.FAIL: lambda _, words: words[:1] != [] and _is_failure(*words),
    Verb.HANG: lambda _, words: not words,
    Verb.READS: lambda said, words: len(words) == 1 and said.numbers(1, 1)[0] > 0,
    Verb.TURN: lambda _, words: not words,
}
"""Whether what follows each verb is good; ValueError says that it is not, too."""


def _is_object(text: str) -> bool:
    return isinstance(orjson.loads(text), dict)


def _is_failure(kind: str, wait: str = "0", *more: str) -> bool:
    return kind in FAILURES and float(wait) >= 0 and not more
