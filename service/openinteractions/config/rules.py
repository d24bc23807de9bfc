"""What the settings have to fulfil beyond their types.

Each rule raises `Broken` with the place and one sentence: what is wrong, and what
would be right. The rules see the effective configuration and nothing else.
"""

from __future__ import annotations

import re

from openinteractions.config.background import check_background
from openinteractions.config.decode import key
from openinteractions.config.endpoints import check_endpoint
from openinteractions.config.event_rules import (
    check_events,
    unset_event_variables,
)
from openinteractions.config.files import Files, Objects
from openinteractions.config.profile import Profile
from openinteractions.config.settings import (
    Address,
    Agent,
    Config,
    Egress,
    Model,
    Server,
    network,
)
from openinteractions.config.store_rules import check_store, unset_store_variables
from openinteractions.config.values import (
    Broken,
    check_positive,
    check_range,
    check_url,
    check_variable,
)

MAX_MESSAGE_BYTES = 2**31 - 1
"""gRPC keeps the size of a message in a signed 32-bit number."""

MAX_PREVIEWS = 3
"""No Images API sends more."""

MAX_S3_FILE_BYTES = 10 * 10**9
"""S3 takes a file in at most 10,000 parts, and not all numbers are used."""

BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
PREFIX = r"(?!\.{1,2}(/|$))[A-Za-z0-9._=-]+"
KEY_SETTINGS = ("access_key_id_env", "secret_access_key_env")
ONLY_BUCKETS = ("endpoint_url", "region", *KEY_SETTINGS)

MAX_GRACE_SECONDS = 86400
"""Whoever asks to stop should not wait for days."""

MAX_WORKERS = 256
"""More than that on one machine is a slip of the finger."""

PROFILED = frozenset({"chat", "responses"})
"""The dialects whose models differ in what they can do."""


def check(config: Config) -> None:
    """Check every rule.

    Raises:
        Broken: the first that does not hold.
    """
    _server(config.server)
    _auth(config)
    check_store(config.store, config.objects)
    check_events(config.events)
    check_background(config.background)
    _files(config.files)
    _objects(config.objects, config.files)
    _egress(config.egress)
    for name, endpoint in config.endpoints.items():
        check_endpoint(f"endpoints.{key(name)}", endpoint)
    for name, model in config.models.items():
        _model(name, model, config)
    for name, agent in config.agents.items():
        _agent(name, agent, config)
    if not config.models and not config.agents:
        raise Broken(
            "models",
            "no model is configured; add for example "
            f'[models."*"] with endpoint = "{next(iter(config.endpoints))}"',
        )


def unset_variables(config: Config) -> list[str]:
    """Say which variables are named but not set, one line each.

    Separate from `check`, so that a configuration can be looked at on a machine
    that has no secrets.
    """
    problems = []
    if config.auth is not None and not config.accepted_keys:
        problems.append(
            f"auth.keys_env: the environment variable {config.auth.keys_env} is not "
            "set; it should have the accepted keys, separated by commas"
        )
    problems += unset_store_variables(config.store, config.environment)
    problems += unset_event_variables(config.events, config.environment)
    problems += [
        f"objects.{name}: the environment variable {variable} is not set; it should "
        "have the key of the bucket"
        for name in KEY_SETTINGS
        if (variable := getattr(config.objects, name))
        and variable not in config.environment
    ]
    problems += [
        f"endpoints.{key(name)}.api_key_env: the environment variable "
        f"{endpoint.api_key_env} is not set; it should have the key of this endpoint"
        for name, endpoint in config.endpoints.items()
        if endpoint.api_key_env and endpoint.api_key_env not in config.environment
    ]
    return problems


def _server(server: Server) -> None:
    for name in ("http", "grpc"):
        try:
            Address.parse(getattr(server, name))
        except ValueError:
            raise Broken(
                f"server.{name}",
                f'"{getattr(server, name)}" is not an address; '
                'write it as host:port, for example "127.0.0.1:8080" or "[::1]:8080"',
            ) from None
    if server.http == server.grpc and server.http_address.port:
        raise Broken("server.grpc", f'"{server.grpc}" is the address of server.http')
    if server.public_url is not None:
        check_url("server.public_url", server.public_url)
    for entry in server.trusted_proxies:
        if network(entry) is None:
            raise Broken(
                "server.trusted_proxies",
                f'"{entry}" is not a network; write for example "10.0.0.0/8"',
            )
    check_range("server.max_body_bytes", server.max_body_bytes, 1, MAX_MESSAGE_BYTES)
    check_positive("server.max_bodies_bytes", server.max_bodies_bytes)
    check_positive("server.max_media_bytes", server.max_media_bytes)
    grace = server.shutdown_grace_seconds
    check_range("server.shutdown_grace_seconds", grace, 0, MAX_GRACE_SECONDS)
    check_range("server.workers", server.workers, 1, MAX_WORKERS)


def _auth(config: Config) -> None:
    if config.auth is not None:
        check_variable("auth.keys_env", config.auth.keys_env)
        return
    for name in ("http", "grpc"):
        address = getattr(config.server, f"{name}_address")
        if not address.loopback:
            raise Broken(
                f"server.{name}",
                f'"{address}" can be reached from other machines and there is no '
                "[auth]; add [auth] with keys_env, or listen on 127.0.0.1",
            )


def _files(files: Files) -> None:
    for name in ("ttl_hours", "upload_ttl_hours", "max_bytes"):
        check_positive(f"files.{name}", getattr(files, name))


def _objects(objects: Objects, files: Files) -> None:
    url = objects.url
    if url is not None and not re.fullmatch(
        rf"file:(///|/?)[^/?#][^?#]*|s3://{BUCKET}(/{PREFIX})*/?", url
    ):
        raise Broken(
            "objects.url",
            f'"{url}" is not a place for objects that this version has; write '
            '"file:///var/lib/openinteractions/objects", "file:objects" or '
            '"s3://bucket/prefix"',
        )
    if objects.bucket is None:
        for name in ONLY_BUCKETS:
            if getattr(objects, name) is not None:
                raise Broken(
                    f"objects.{name}",
                    'a directory has no server; leave it out, or use url = "s3://…"',
                )
        return
    if objects.endpoint_url is not None:
        check_url("objects.endpoint_url", objects.endpoint_url)
    for name, other in (KEY_SETTINGS, KEY_SETTINGS[::-1]):
        variable = getattr(objects, name)
        if variable is not None:
            check_variable(f"objects.{name}", variable)
            if getattr(objects, other) is None:
                raise Broken(f"objects.{other}", f"missing; {name} needs it")
    if files.max_bytes > MAX_S3_FILE_BYTES:
        raise Broken(
            "files.max_bytes",
            f"{files.max_bytes} is out of range; "
            f"a bucket takes files of at most {MAX_S3_FILE_BYTES} bytes",
        )


def _egress(egress: Egress) -> None:
    label = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
    for entry in egress.allow:
        # A name that ends in a number would be an address that is none.
        name = re.fullmatch(rf"(?i)({label}\.)*(?![0-9]+$){label}", entry)
        if name is None and network(entry) is None:
            raise Broken(
                "egress.allow",
                f'"{entry}" is neither a network nor a host; '
                'write for example "10.0.0.0/8" or "media.example.com"',
            )
    check_positive("egress.timeout_seconds", egress.timeout_seconds)
    check_positive("egress.max_bytes", egress.max_bytes)


def _model(name: str, model: Model, config: Config) -> None:
    where = f"models.{key(name)}"
    _named(where, name, model, config)
    if model.profile is not None:
        dialect = config.endpoints[model.endpoint].dialect
        if dialect not in PROFILED:
            raise Broken(
                f"{where}.profile",
                f'what the dialect "{dialect}" can do is known; leave it out',
            )
        if model.profile.chat_media and dialect != "chat":
            raise Broken(
                f"{where}.profile.chat_media",
                f'the dialect "{dialect}" has no media in its answers; leave it out, '
                'or use dialect = "chat"',
            )
        _profile(f"{where}.profile", model.profile)


def _agent(name: str, agent: Agent, config: Config) -> None:
    where = f"agents.{key(name)}"
    _named(where, name, agent, config)
    dialect = config.endpoints[agent.endpoint].dialect
    if dialect != "gemini":
        raise Broken(
            f"{where}.endpoint",
            f'the dialect "{dialect}" has no agents; name an endpoint with '
            'dialect = "gemini"',
        )


def _named(where: str, name: str, entry: Model | Agent, config: Config) -> None:
    """Check what models and agents have in common."""
    if "*" in name and name != "*":
        raise Broken(
            where, 'patterns are not known; write the whole name, or "*" for the rest'
        )
    if not name:
        what = "a model" if isinstance(entry, Model) else "an agent"
        raise Broken(where, f"{what} needs a name")
    if entry.endpoint not in config.endpoints:
        known = ", ".join(config.endpoints) or "none"
        raise Broken(
            f"{where}.endpoint",
            f"there is no [endpoints.{key(entry.endpoint)}]; known are: {known}",
        )
    if entry.upstream is not None and not entry.upstream:
        raise Broken(f"{where}.upstream", "is empty; leave it out to keep the name")


def _profile(where: str, profile: Profile) -> None:
    for name in ("max_output_tokens", "speech_rate"):
        limit = getattr(profile, name)
        if limit is not None:
            check_positive(f"{where}.{name}", limit)
    outputs = profile.outputs
    if outputs is not None and (not outputs or len(set(outputs)) < len(outputs)):
        raise Broken(
            f"{where}.outputs",
            "is empty or has one twice; list what the model makes, the usual first, "
            'for example ["image"]',
        )
    for size in profile.image_sizes:
        if not re.fullmatch(r"[1-9][0-9]{1,4}x[1-9][0-9]{1,4}", size):
            raise Broken(
                f"{where}.image_sizes",
                f'"{size}" is not a size; write it as width and height, "1536x1024"',
            )
    previews = profile.image_previews
    if previews is not None and not 0 <= previews <= MAX_PREVIEWS:
        raise Broken(
            f"{where}.image_previews",
            f"{previews} is out of range; it should be between 0 and {MAX_PREVIEWS}",
        )
