"""`load`: file, environment and flags become one `Config`.

Flags beat the file, the file beats the environment. Endpoints and models come from
the file or, when it has none, from the environment; without that from the embedded
model. Names of variables in the file are looked up here and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from openinteractions.config import decode, rules
from openinteractions.config.background import Background
from openinteractions.config.events import Events
from openinteractions.config.files import Files, Objects
from openinteractions.config.profile import Profile
from openinteractions.config.settings import (
    Agent,
    Config,
    ConfigError,
    Egress,
    Endpoint,
    Model,
    Server,
)
from openinteractions.config.store import Store
from openinteractions.config.values import Broken

DEFAULT_FILE = Path("openinteractions.toml")
OPENAI_URL = "https://api.openai.com/v1"


class Backends(NamedTuple):
    """Endpoints and models, and where they come from."""

    source: str
    endpoints: dict[str, Endpoint]
    models: dict[str, Model]
    agents: dict[str, Agent]


def load(
    path: Path | None = None,
    *,
    http: str | None = None,
    grpc: str | None = None,
    workers: int | None = None,
    embedded: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Return the effective configuration.

    Args:
        path: the file; without it `openinteractions.toml` in the working directory,
            if there is one.
        http: address of the HTTP face, instead of the file's.
        grpc: address of the gRPC face, instead of the file's.
        workers: how many processes serve, instead of the file's.
        embedded: let the embedded model answer every name, whatever the file and
            the environment say about endpoints and models.
        environ: the environment, for tests.

    Raises:
        ConfigError: something is wrong; see its text. A variable that the file
            names but that is not set is left to `unset_variables`.
    """
    environ = os.environ if environ is None else environ
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    tables = decode.Tables() if path is None else decode.read(path)
    file = "" if path is None else f"{path}: "
    backends = _embedded() if embedded else _backends(tables, str(path), environ)
    flags = {"http": http, "grpc": grpc, "workers": workers}
    given = {name: value for name, value in flags.items() if value is not None}
    config = _config(
        "defaults" if path is None else str(path),
        msgspec.structs.replace(tables.server or Server(), **given),
        tables,
        backends,
        _variables(tables, backends.endpoints, environ),
    )
    try:
        rules.check(config)
    except Broken as broken:
        place = _place(broken.where, given, by_file=bool(tables.endpoints))
        raise ConfigError(
            f"{place or f'{file}{broken.where}'}: {broken.problem}"
        ) from None
    return config


def _config(
    source: str,
    server: Server,
    tables: decode.Tables,
    backends: Backends,
    environment: dict[str, str],
) -> Config:
    """Put everything together, with defaults for what the file leaves out."""
    return Config(
        source=source,
        models_source=backends.source,
        server=server,
        auth=tables.auth,
        store=tables.store or Store(),
        events=tables.events or Events(),
        background=tables.background or Background(),
        files=tables.files or Files(),
        objects=tables.objects or Objects(),
        egress=tables.egress or Egress(),
        endpoints=backends.endpoints,
        models=backends.models,
        agents=backends.agents,
        environment=environment,
    )


def _place(where: str, flags: Collection[str], *, by_file: bool) -> str | None:
    """Return what the user has set wrong, if that is not in the file."""
    name = where.removeprefix("server.")
    if name in flags and where != name:
        return f"--{name}"
    if where.startswith("endpoints.") and not by_file:
        return "OPENAI_BASE_URL"
    return None


def _backends(tables: decode.Tables, file: str, environ: Mapping[str, str]) -> Backends:
    if tables.endpoints or tables.models or tables.agents:
        return Backends(
            file, dict(tables.endpoints), dict(tables.models), dict(tables.agents)
        )
    # Set but empty is how a shell or a compose file says "not set".
    url, key = environ.get("OPENAI_BASE_URL"), environ.get("OPENAI_API_KEY")
    named = [n for n in ("OPENAI_BASE_URL", "OPENAI_API_KEY") if environ.get(n)]
    if not named:
        return _embedded()
    endpoint = Endpoint(
        dialect="chat",
        base_url=url or OPENAI_URL,
        api_key_env="OPENAI_API_KEY" if key else None,
    )
    # OpenAI itself refuses the older member for its newer models.
    profile = None if url else Profile(max_tokens_member="max_completion_tokens")
    model = Model(
        endpoint="openai",
        upstream=environ.get("OPENAI_MODEL") or None,
        profile=profile,
    )
    return Backends(" and ".join(named), {"openai": endpoint}, {"*": model}, {})


def _embedded() -> Backends:
    return Backends(
        "the embedded model",
        {"embedded": Endpoint(dialect="embedded")},
        {"*": Model(endpoint="embedded")},
        {},
    )


def _variables(
    tables: decode.Tables,
    endpoints: Mapping[str, Endpoint],
    environ: Mapping[str, str],
) -> dict[str, str]:
    names = {endpoint.api_key_env for endpoint in endpoints.values()}
    if tables.auth is not None:
        names.add(tables.auth.keys_env)
    if tables.store is not None:
        names.add(tables.store.password_env)
    if tables.events is not None:
        names.add(tables.events.password_env)
        names.add(tables.events.token_env)
    if tables.objects is not None:
        names.add(tables.objects.access_key_id_env)
        names.add(tables.objects.secret_access_key_env)
    return {name: environ[name] for name in names if name and environ.get(name)}
