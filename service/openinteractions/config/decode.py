"""From the parsed file to the structs of `settings`, with errors for people.

Every message names the place as the file writes it, what is wrong there and what
would be right. Only shape is judged here; what tables mean together is `rules`.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from openinteractions.config.background import Background
from openinteractions.config.events import Events
from openinteractions.config.files import Files, Objects
from openinteractions.config.settings import (
    Agent,
    Auth,
    ConfigError,
    Egress,
    Endpoint,
    Model,
    Server,
)
from openinteractions.config.store import Store
from openinteractions.config.table import Table

AnyTable = TypeVar("AnyTable", bound=Table)

TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
"""How msgspec's names of types are called in a TOML file."""

TABLES = (
    "server",
    "auth",
    "store",
    "events",
    "background",
    "files",
    "objects",
    "egress",
    "endpoints",
    "models",
    "agents",
)


class Tables(NamedTuple):
    """The tables of a file; those that it leaves out are None or empty."""

    server: Server | None = None
    auth: Auth | None = None
    store: Store | None = None
    events: Events | None = None
    background: Background | None = None
    files: Files | None = None
    objects: Objects | None = None
    egress: Egress | None = None
    endpoints: Mapping[str, Endpoint] = {}
    models: Mapping[str, Model] = {}
    agents: Mapping[str, Agent] = {}


def read(path: Path) -> Tables:
    """Read a file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or has something unknown in it.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text, as TOML has to be") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    try:
        return _tables(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _tables(raw: Mapping[str, Any]) -> Tables:
    for name in raw:
        if name not in TABLES:
            raise ConfigError(f"{key(name)}: unknown table; {_instead(name, TABLES)}")
    return Tables(
        server=_optional(raw, "server", Server),
        auth=_optional(raw, "auth", Auth),
        store=_optional(raw, "store", Store),
        events=_optional(raw, "events", Events),
        background=_optional(raw, "background", Background),
        files=_optional(raw, "files", Files),
        objects=_optional(raw, "objects", Objects),
        egress=_optional(raw, "egress", Egress),
        endpoints=_named(raw, "endpoints", Endpoint, nested="headers"),
        models=_named(raw, "models", Model, nested="profile"),
        agents=_named(raw, "agents", Agent, nested=""),
    )


def _optional(
    raw: Mapping[str, Any], name: str, kind: type[AnyTable]
) -> AnyTable | None:
    return _convert(raw[name], kind, name) if name in raw else None


def _named(
    raw: Mapping[str, Any], group: str, kind: type[AnyTable], *, nested: str
) -> dict[str, AnyTable]:
    """Decode the tables `[group.NAME]`; `nested` is the one table they may hold."""
    tables = raw.get(group, {})
    if not isinstance(tables, dict):
        raise ConfigError(f"{group}: expected a table, got {_toml_type(tables)}")
    for name, table in tables.items():
        if isinstance(table, dict):
            _refuse_unquoted(group, name, table, nested)
    return {
        name: _convert(table, kind, f"{group}.{key(name)}")
        for name, table in tables.items()
    }


def _refuse_unquoted(
    group: str, name: str, table: Mapping[str, Any], nested: str
) -> None:
    """Refuse `[models.gemini-2.5-flash]`: TOML reads a dot there as a nested table."""
    inner = next(
        (k for k, v in table.items() if isinstance(v, dict) and k != nested), None
    )
    if inner is None:
        return
    parts = [name, inner]
    table = table[inner]
    while len(table) == 1:
        last, value = next(iter(table.items()))
        if not isinstance(value, dict) or last == nested:
            break
        parts.append(last)
        table = value
    raise ConfigError(
        f"{group}.{'.'.join(map(key, parts))}: a table within a table; "
        f"a name with dots in it needs quotes: [{group}.{json.dumps('.'.join(parts))}]"
    )


def _convert(raw: Any, kind: type[AnyTable], where: str) -> AnyTable:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), kind, where)) from None


def _explain(problem: str, kind: type[Table], where: str) -> str:
    """Say what msgspec found in the words of the file."""
    text, _, path = problem.partition(" - at `$")
    place = path.rstrip("`").replace("[...]", "")
    where += place
    inner = re.sub(r"\[\d+\]", "", place)
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", text):
        table = _within(kind, inner)
        instead = _instead(found[1], table.__struct_fields__)
        return f"{where}.{key(found[1])}: unknown key; {instead}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", text):
        return f"{where}.{found[1]}: missing; it is required in [{where}]"
    if found := re.fullmatch(r"Invalid enum value (.*)", text):
        choices = ", ".join(_choices(kind, inner, listed=place != inner))
        value = json.dumps(found[1].strip("'"))
        return f"{where}: expected one of {choices}, got {value}"
    if found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", text):
        expected = _join(found[1].split(" | "))
        return f"{where}: expected {expected}, got {TYPES.get(found[2], found[2])}"
    return f"{where}: {text}"


def _within(kind: type[Table], inner: str) -> type[Table]:
    """The struct that the path `.name` inside `kind` holds."""
    if not inner:
        return kind
    fields = msgspec.structs.fields(kind)
    wanted = next(field.type for field in fields if inner == f".{field.name}")
    return next(
        member
        for member in typing.get_args(wanted)
        if isinstance(member, type) and issubclass(member, Table)
    )


def _choices(kind: type[Table], inner: str, *, listed: bool) -> Iterator[str]:
    """What the setting at the path `inner` of `kind` may be, as the file writes it.

    `listed` asks for the members of its list instead.
    """
    parent, _, name = inner.rpartition(".")
    fields = msgspec.structs.fields(_within(kind, parent))
    wanted = next(field.type for field in fields if field.name == name)
    for member in typing.get_args(wanted):
        if typing.get_origin(member) is list:
            if listed:
                [words] = typing.get_args(member)
                yield from map(json.dumps, typing.get_args(words))
        elif listed:
            continue
        elif member is bool:
            yield from ("true", "false")
        else:
            yield from map(json.dumps, typing.get_args(member) or (member,))


def _join(names: Iterable[str]) -> str:
    # TOML has no null: a key that is there has a value.
    return " or ".join(TYPES.get(name, name) for name in names if name != "null")


def _toml_type(value: object) -> str:
    names = {bool: "bool", int: "int", float: "float", str: "str", list: "array"}
    return TYPES[names.get(type(value), "str")]


def _instead(name: str, known: Iterable[str]) -> str:
    """A hint which name was meant: the closest one, else all."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known are {', '.join(names)}"


def key(name: str) -> str:
    """A key as TOML writes it: quoted unless it is bare."""
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    return name if bare else json.dumps(name, ensure_ascii=False)
