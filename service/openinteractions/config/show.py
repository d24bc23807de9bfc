"""`show`: the effective configuration as text, with secrets hidden.

The text is TOML, so that it can be the start of a file. Of a variable it says
whether it is set, never its value; the values of headers are left out too, for a key
may stand there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from openinteractions.config.decode import key
from openinteractions.config.settings import Config
from openinteractions.config.table import Table

HIDDEN = "(hidden)"


def show(config: Config) -> str:
    """Return the text, which ends with a newline."""
    lines = [
        f"# settings from: {config.source}",
        f"# models from: {config.models_source}",
    ]
    lines += _table("server", config.server, config)
    if config.auth is None:
        lines += ["", "# no [auth]: any key is accepted, on this machine only"]
    else:
        lines += _table("auth", config.auth, config)
    lines += _store(config)
    lines += _events(config)
    lines += _table("background", config.background, config)
    lines += _table("files", config.files, config)
    lines += _objects(config)
    lines += _table("egress", config.egress, config)
    for name, endpoint in config.endpoints.items():
        lines += _table(f"endpoints.{key(name)}", endpoint, config)
    for name, model in config.models.items():
        lines += _table(f"models.{key(name)}", model, config)
    for name, agent in config.agents.items():
        lines += _table(f"agents.{key(name)}", agent, config)
    return "\n".join(lines) + "\n"


def _store(config: Config) -> Iterator[str]:
    """The lines of `[store]`, without the password of its URL."""
    shown = msgspec.structs.replace(config.store, url=config.store.shown)
    return _table("store", shown, config)


def _events(config: Config) -> Iterator[str]:
    """The lines of `[events]`, with the folder where there is no NATS."""
    if config.events.url is None and config.store.is_shared:
        yield from ["", "[events]", "# of this process only"]
    elif config.events.url is None:
        yield from ["", "[events]", f"# in {config.events.signals(config.store.path)}"]
    else:
        yield from _table("events", config.events, config)


def _objects(config: Config) -> Iterator[str]:
    """The lines of `[objects]`, with the directory also where it is a default."""
    if config.objects.url is None:
        yield from ["", "[objects]", f"# in {config.objects.path(config.store.path)}"]
    else:
        yield from _table("objects", config.objects, config)


def _table(name: str, table: Table, config: Config) -> Iterator[str]:
    """The lines of a table, those of the tables in it last, as TOML wants it."""
    yield ""
    yield f"[{name}]"
    inner = []
    for field, value in msgspec.structs.asdict(table).items():
        if isinstance(value, Table):
            inner.append((f"{name}.{field}", value))
        elif value is not None and value != {}:
            shown = dict.fromkeys(value, HIDDEN) if field == "headers" else value
            yield f"{field} = {_value(shown)}{_state(field, value, config)}"
    for place, value in inner:
        yield from _table(place, value, config)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = ", ".join(f"{key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {pairs} }}"
    return json.dumps(value, ensure_ascii=False)


def _state(field: str, value: Any, config: Config) -> str:
    """What is said about a variable, behind its name."""
    if not field.endswith("_env"):
        return ""
    return "  # set" if value in config.environment else "  # not set"
