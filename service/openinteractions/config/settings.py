"""The settings as plain, frozen data; the tables of the file are these structs.

Durations and sizes carry their unit in their name. A setting that a table does not
know is an error. Nothing here reads a file or the environment: `load` does.
"""

from __future__ import annotations

import ipaddress
from typing import Literal, NamedTuple, Self

import msgspec

from openinteractions.config.background import Background
from openinteractions.config.events import Events
from openinteractions.config.files import Files, Objects
from openinteractions.config.profile import Profile
from openinteractions.config.store import Store
from openinteractions.config.table import Table


class ConfigError(Exception):
    """The configuration cannot be used; the text is one line for a person."""


class Address(NamedTuple):
    """An address to listen on; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port`; an IPv6 host stands in brackets.

        Raises:
            ValueError: the text has another form.
        """
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not host or (":" in host and not bracketed):
            raise ValueError(text)
        if not (port.isascii() and port.isdecimal() and int(port) <= MAX_PORT):
            raise ValueError(text)
        return cls(host.strip("[]"), int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it. A name other than localhost is not."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


MAX_PORT = 65535


class Server(Table, frozen=True):
    """`[server]`: the two faces."""

    http: str = "127.0.0.1:8080"
    """Address of the HTTP/JSON face."""
    grpc: str = "127.0.0.1:50051"
    """Address of the gRPC face."""
    public_url: str | None = None
    """URL under which clients see the HTTP face, when it is another one: addresses
    of files and of their uploads begin with it, and the OpenAPI document names it."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (`10.0.0.0/8`) and addresses of proxies whose `X-Forwarded-Host` and
    `X-Forwarded-Proto` are believed. Without any, the `Host` of a request counts."""
    max_body_bytes: int = 100 * 1024 * 1024
    """The largest request, and the largest gRPC message in either direction."""
    max_bodies_bytes: int = 256 * 1024 * 1024
    """The most bytes of requests above 1 MiB that each process works on at once, on
    both faces; more wait for a while, then are told to come back. A request that is
    alone may be larger. Memory for about five times as much is needed."""
    max_media_bytes: int = 100 * 1024 * 1024
    """The most bytes of media that a model is sent in one request, those of the
    conversation so far included. They are in memory meanwhile, more than once."""
    default_revision: Literal["steps", "outputs"] = "steps"
    """What a client gets that neither names a revision nor is known to need one."""
    shutdown_grace_seconds: float = 10
    """How long calls and streams may go on after a signal to stop."""
    workers: int = 1
    """How many processes serve; each can use one core. With more than one, a further
    process shares out the connections among them."""

    @property
    def http_address(self) -> Address:
        """`http`, taken apart."""
        return Address.parse(self.http)

    @property
    def grpc_address(self) -> Address:
        """`grpc`, taken apart."""
        return Address.parse(self.grpc)


class Auth(Table, frozen=True):
    """`[auth]`: who may call. Optional on loopback, required elsewhere."""

    keys_env: str
    """Environment variable with the accepted keys, separated by commas."""


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Egress(Table, frozen=True):
    """`[egress]`: what the server reads for callers from URLs that they give."""

    enabled: bool = True
    """Whether it reads any."""
    allow: tuple[str, ...] = ()
    """What may be reached beyond the public internet: networks (`10.0.0.0/8`),
    addresses, and hosts by name, wherever that name leads."""
    timeout_seconds: float = 30
    """How long reading one URL may take in all."""
    max_bytes: int = 50 * 1024 * 1024
    """The most that is read from one URL, expanded."""

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks and addresses in `allow`."""
        return tuple(filter(None, map(network, self.allow)))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names in `allow`."""
        return tuple(entry for entry in self.allow if network(entry) is None)


class Endpoint(Table, frozen=True):
    """`[endpoints.NAME]`: a model server and how to speak with it."""

    dialect: Literal["chat", "responses", "gemini", "embedded", "scripted"]
    """`chat`: an OpenAI-compatible server (`/chat/completions`). `responses`: one with
    OpenAI's Responses API (`/responses`). `gemini`: one that speaks the Interactions
    API itself, Google's or another openinteractions; what it says passes through.
    `embedded`: a small model in a process of its own, which the server starts and
    ends. `scripted`: answers made up by fixed rules, for demonstrations and tests.
    The first three are model servers."""
    base_url: str | None = None
    """URL of the server up to and including its version. Model servers only,
    required but for `gemini`, which is Google's without one."""
    store: Literal["upstream", "here", "both"] | None = None
    """Where interactions are kept that the server makes: by the server, here, or by
    both. `gemini` only; default: both, so that a conversation goes on by the server's
    own memory of it, and is still here when the server has forgotten it."""
    api_key_env: str | None = None
    """Environment variable with the server's key. Model servers only."""
    api_version: str | None = None
    """Makes it an Azure resource, asked in this version: `base_url` is that of the
    resource (`https://NAME.openai.azure.com/openai`). Model servers
    only."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers to send with every request. Model servers only; shown nowhere."""
    connect_timeout_seconds: float = 5
    """How long opening a connection may take."""
    first_byte_timeout_seconds: float = 600
    """How long the server may take to begin its answer."""
    between_chunks_timeout_seconds: float = 120
    """How long a begun answer may pause."""
    threads: int | None = None
    """Threads that compute. `embedded` only; default: the cores less one. As many as
    there are cores makes everything else wait: idle threads of it spin."""


class Model(Table, frozen=True):
    """`[models.NAME]`: a name that clients send; `"*"` is every other name."""

    endpoint: str
    """The endpoint that answers."""
    upstream: str | None = None
    """The name that the endpoint knows; default: the one that the client sent."""
    profile: Profile | None = None
    """What is known about it; default: what its dialect knows."""


class Agent(Table, frozen=True):
    """`[agents.NAME]`: an agent that clients name; `"*"` is every other name."""

    endpoint: str
    """The endpoint whose agent it is, of the dialect `gemini`."""
    upstream: str | None = None
    """The name that the endpoint knows; default: the one that the client sent."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The effective configuration: complete, and consistent in itself."""

    source: str
    """Where the settings come from: the file's name, or "defaults"."""
    models_source: str
    """Where endpoints and models come from, for the start-up line."""
    server: Server
    auth: Auth | None
    store: Store
    events: Events
    background: Background
    files: Files
    objects: Objects
    egress: Egress
    endpoints: dict[str, Endpoint]
    models: dict[str, Model]
    agents: dict[str, Agent]
    environment: dict[str, str]
    """The values of the variables that settings ending in `_env` name, those that are
    set. Secret."""

    def __repr__(self) -> str:
        """Leave out everything, so that no log ever has a secret."""
        return f"Config(source={self.source!r})"

    def api_key(self, endpoint: str) -> str | None:
        """The key of the named endpoint; None when it has or needs none."""
        name = self.endpoints[endpoint].api_key_env
        return None if name is None else self.environment.get(name)

    @property
    def bucket_key(self) -> tuple[str, str] | None:
        """Id and secret of the key for the bucket; None: as AWS's tools find it."""
        id_env = self.objects.access_key_id_env
        secret_env = self.objects.secret_access_key_env
        if id_env is None or secret_env is None:
            return None
        return self.environment.get(id_env, ""), self.environment.get(secret_env, "")

    @property
    def accepted_keys(self) -> tuple[str, ...] | None:
        """The keys that callers may use; None when any is good (no `[auth]`)."""
        if self.auth is None:
            return None
        return split_keys(self.environment.get(self.auth.keys_env, ""))


def split_keys(text: str) -> tuple[str, ...]:
    """The keys in a comma-separated list, without empty ones."""
    return tuple(key for part in text.split(",") if (key := part.strip()))


def network(text: str) -> Network | None:
    """Read a network or an address; None when it is neither."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
