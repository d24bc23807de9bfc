"""A JSON object read piece by piece, member by member.

`Members` gives the JSON text of each value as it arrives; `Unescaper` turns the text
of a JSON string into what it says. Both give the same for any way of cutting the
text into pieces. They read what a grammar or a schema has shaped: what they do not
have to look at, the inside of values, is not judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = " \t\r\n"
_IN_STRING = re.compile(r'["\\]')
_IN_VALUE = re.compile(r'["{}\[\]]')
_AFTER_SCALAR = re.compile(r"[,}\s]")
_BEFORE_KEY, _KEY, _BEFORE_VALUE, _VALUE, _END = range(5)


class NotAnObjectError(ValueError):
    """The text is not a JSON object."""


class Piece(NamedTuple):
    """A piece of a member's value."""

    name: str
    text: str
    """The next piece of the value's JSON text, without space around the value."""
    last: bool
    """Whether the value ends with it."""


class Members:
    """Reads one object. Text after its end is ignored."""

    def __init__(self) -> None:
        self._state = _BEFORE_KEY
        self._begun = False
        self._name = ""
        self._key: list[str] = []
        self._depth = 0
        self._quoted = False
        self._escaped = False

    @property
    def ended(self) -> bool:
        """Whether the object is whole."""
        return self._state == _END

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield the pieces of values in the next piece of text.

        Raises:
            NotAnObjectError: the text is not an object.
        """
        at = 0
        while at < len(text) and self._state != _END:
            if self._state == _VALUE:
                end, last = self._value(text, at)
                if end > at or last:
                    yield Piece(self._name, text[at:end], last)
                if last:
                    self._state = _BEFORE_KEY
                at = end
            elif self._state == _KEY:
                at = self._read_key(text, at)
            else:
                at = self._between(text, at)

    def _between(self, text: str, at: int) -> int:
        """Read one character outside of keys and values."""
        sign = text[at]
        if sign in _SPACE:
            return at + 1
        if self._state == _BEFORE_VALUE:
            if sign == ":":
                return at + 1
            self._state = _VALUE
            self._depth, self._quoted, self._escaped = 0, False, False
            return at  # the value begins here
        if not self._begun and sign == "{":
            self._begun = True
        elif self._begun and sign == '"':
            self._state, self._key, self._escaped = _KEY, [], False
        elif self._begun and sign == "}":
            self._state = _END
        elif not self._begun or sign != ",":
            raise NotAnObjectError
        return at + 1

    def _read_key(self, text: str, at: int) -> int:
        end, closed = self._string(text, at)
        self._key.append(text[at:end])
        if closed:
            try:
                self._name = json.loads('"' + "".join(self._key), strict=False)
            except ValueError:
                raise NotAnObjectError from None
            self._state = _BEFORE_VALUE
        return end

    def _string(self, text: str, at: int) -> tuple[int, bool]:
        """Return where a string ends that is open at `at`, and whether it does."""
        while at < len(text):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = _IN_STRING.search(text, at)
            if found is None:
                break
            at = found.end()
            if found[0] == '"':
                return at, True
            self._escaped = True
        return len(text), False

    def _value(self, text: str, at: int) -> tuple[int, bool]:
        """Return where the value ends that goes on at `at`, and whether it does."""
        while at < len(text):
            if self._quoted:
                at, closed = self._string(text, at)
                if closed:
                    self._quoted = False
                    if not self._depth:
                        return at, True
                continue
            if not self._depth and text[at] not in '"{[':
                # A number or word, which ends before what comes after it.
                found = _AFTER_SCALAR.search(text, at)
                return (found.start(), True) if found else (len(text), False)
            found = _IN_VALUE.search(text, at)
            if found is None:
                break
            at = found.end()
            if found[0] == '"':
                self._quoted = True
            elif found[0] in "{[":
                self._depth += 1
            else:
                self._depth -= 1
                if not self._depth:
                    return at, True
        return len(text), False


_UNIT = re.compile(
    r"[^\\]+"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}"
    r"|\\[^u]"
)
_HIGH = re.compile(r"\\u[dD][89abAB]")
_LONGEST_UNIT = 12
_SURROGATES = range(0xD800, 0xE000)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Unescaper:
    """Reads the JSON text of one string, its quotes included."""

    def __init__(self) -> None:
        self._held = ""
        self._open = False

    def feed(self, text: str, *, last: bool) -> str:
        """Return what the next piece of text says.

        Raises:
            ValueError: the text is not a JSON string.
        """
        if not self._open and text:
            if text[0] != '"':
                raise ValueError(text)
            self._open, text = True, text[1:]
        text = self._held + text
        if last:
            text = text.removesuffix('"')
        if "\\" not in text:
            self._held = ""
            return text
        said = []
        at = 0
        while at < len(text):
            unit = _UNIT.match(text, at)
            to_come = not last and len(text) - at < _LONGEST_UNIT
            if to_come and (unit is None or _HIGH.match(unit[0])):
                break
            if unit is None:
                raise ValueError(text)
            said.append(_plain(unit[0]))
            at = unit.end()
        self._held = text[at:]
        return "".join(said)


def _plain(unit: str) -> str:
    if unit[0] != "\\":
        return unit
    if unit[1] != "u":
        return _SIMPLE.get(unit[1], unit[1])
    if len(unit) == _LONGEST_UNIT:
        return str(json.loads(f'"{unit}"'))
    code = int(unit.removeprefix("\\u"), base=16)
    return "\N{REPLACEMENT CHARACTER}" if code in _SURROGATES else chr(code)
