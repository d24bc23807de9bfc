"""Who is measured: the backend itself, our server, the floor, and installed peers.

A subject knows how it is started with the backend behind it, where it takes requests
and what they look like. Every one is a single process with its default settings, as
far as it can be started with them at all; ours takes part with two as well.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import peers
from bench.places import ROOT, SOURCES
from bench.process import free_port
from bench.services import Services

OURS = "openinteractions"
PAIR = "two workers"
SHARED = "PostgreSQL + NATS"
RAW = "raw"
OURSELVES = frozenset({OURS, PAIR, SHARED})
"""Our server, in all ways in which it takes part."""
INPUT = "Say something, please."
ANSWER = " word" * 8


@dataclass(frozen=True, slots=True)
class Launch:
    """A command, and where it will answer."""

    command: list[str]
    port: int
    health: str
    environment: Mapping[str, str] = field(default_factory=dict)
    grpc_port: int | None = None
    before: Sequence[list[str]] = ()
    """Commands that come before it."""
    beside: Mapping[str, int] = field(default_factory=dict)
    """Ids of the processes that work for it and are not its own, by name."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that takes creates."""

    name: str
    version: str
    path: str
    launch: Callable[[Path, str, list[str]], Launch]
    """Given a folder, the backend's URL and the model names: writes what the server
    needs into the folder and says how to start it there."""
    prefix: Mapping[bool, str] = field(default_factory=dict)
    """Goes in front of model names; by whether the request streams."""

    def body(
        self,
        model: str,
        *,
        stream: bool,
        store: bool,
        previous: str | None = None,
        turns: int = 0,
    ) -> bytes:
        """Return the JSON of a request; it has so many earlier turns in its input."""
        if self.name == RAW:
            return _chat(model, stream=stream)
        request: dict[str, object] = {
            "model": self.prefix.get(stream, "") + model,
            "input": _turns(turns) if turns else INPUT,
        }
        if stream:
            request["stream"] = True
        if not store:
            request["store"] = False
        if previous:
            request["previous_interaction_id"] = previous
        return json.dumps(request).encode()


def _turns(count: int) -> list[dict[str, object]]:
    """Return a conversation of so many turns, and what is said after them."""
    asked: dict[str, object] = {"type": "user_input"}
    asked["content"] = [{"type": "text", "text": INPUT}]
    said: dict[str, object] = {"type": "model_output"}
    said["content"] = [{"type": "text", "text": ANSWER}]
    return [*[asked, said] * count, asked]


def _chat(model: str, *, stream: bool) -> bytes:
    request: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": INPUT}],
    }
    if stream:
        request |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(request).encode()


def raw(program: Path, *options: str) -> Subject:
    """Return the backend, asked directly."""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        del folder, url, models
        port = free_port()
        command = [str(program), "--port", str(port), *options]
        return Launch(command, port, "/healthz")

    return Subject(RAW, "", "/v1/chat/completions", launch)


def ours(
    version: str,
    command: str | None,
    *,
    workers: int = 1,
    services: Services | None = None,
) -> Subject:
    """Return our server, from this checkout or started by another command.

    In `command`, `{config}` stands for the file with the configuration. With
    `services` it keeps interactions in PostgreSQL and speaks through NATS.
    """
    more = f"workers = {workers}\n" if workers > 1 else ""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        del models
        port, grpc_port = free_port(), free_port()
        config = folder / "openinteractions.toml"
        kept = services.tables() if services else _sqlite(folder)
        config.write_text(
            f"""\
[server]
http = "127.0.0.1:{port}"
grpc = "127.0.0.1:{grpc_port}"
{more}
{kept}

[endpoints.backend]
dialect = "chat"
base_url = "{url}"

[models."*"]
endpoint = "backend"
""",
            "utf-8",
        )
        default = f"{shlex.quote(sys.executable)} -m openinteractions serve --config"
        wanted = command or f"{default} {{config}}"
        started = shlex.split(wanted.replace("{config}", shlex.quote(str(config))))
        migrated = ["migrate" if part == "serve" else part for part in started]
        return Launch(
            started,
            port,
            "/readyz",
            {"PYTHONPATH": ":".join(map(str, SOURCES))} if command is None else {},
            grpc_port,
            before=[migrated] if services else [],
            beside=services.processes() if services else {},
        )

    name = SHARED if services else OURS if workers == 1 else PAIR
    return Subject(name, version, "/v1/interactions", launch)


def _sqlite(folder: Path) -> str:
    return f'[store]\nurl = "sqlite:///{folder}/bench.db"'


def floor() -> Subject:
    """Return the smallest translation."""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        del folder, models
        port = free_port()
        command = [sys.executable, "-m", "bench.floor", str(port), url]
        return Launch(command, port, "/healthz", {"PYTHONPATH": str(ROOT)})

    return Subject("floor", "", "/v1/interactions", launch)


def litellm() -> Subject:
    """Return LiteLLM with both of its bridges, told apart by the model's prefix."""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        del models
        port = free_port()
        endpoint = {"model": "openai/*", "api_base": url, "api_key": "none"}
        chat = endpoint | {"use_chat_completions_api": True}
        config = {
            "model_list": [
                {"model_name": "chat/*", "litellm_params": chat},
                {"model_name": "responses/*", "litellm_params": endpoint},
            ],
            "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
        }
        (folder / "config.yaml").write_text(json.dumps(config), "utf-8")
        command = [str(peers.LITELLM.home / "bin/litellm"), "--config", "config.yaml"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        return Launch(command, port, "/health/liveliness", {"HOME": str(folder)})

    version = peers.LITELLM.version() or ""
    prefix = {False: "chat/", True: "chat/"}
    return Subject("LiteLLM", version, "/v1beta/interactions", launch, prefix)


def rosetta() -> Subject:
    """Return llm-rosetta's gateway."""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        port = free_port()
        backend = {"type": "openai_chat", "api_key": "none", "base_url": url}
        config = {
            "providers": {"backend": backend},
            "models": dict.fromkeys(models, "backend"),
            "server": {"host": "127.0.0.1", "port": port, "open_on_no_keys": True},
        }
        (folder / "config.jsonc").write_text(json.dumps(config), "utf-8")
        program = peers.ROSETTA.home / "bin/llm-rosetta-gateway"
        command = [str(program), "--no-banner", "--config", "config.jsonc"]
        command += ["--data-dir", str(folder)]
        return Launch(command, port, "/health", {"HOME": str(folder)})

    version = peers.ROSETTA.version() or ""
    return Subject("llm-rosetta", version, "/v1beta/interactions", launch)


def ogx() -> Subject:
    """Return OGX with the providers that interactions need, and no others."""

    def launch(folder: Path, url: str, models: list[str]) -> Launch:
        port = free_port()
        config = folder / "config.yaml"
        config.write_text(json.dumps(_ogx(port, url, models)), "utf-8")
        program = peers.OGX.home / "bin/ogx"
        command = [str(program), "run", "--insecure", "--port", str(port), str(config)]
        return Launch(command, port, "/v1/health", {"HOME": str(folder)})

    version = peers.OGX.version() or ""
    prefix = {False: "backend/", True: "backend/"}
    return Subject("OGX", version, "/v1alpha/interactions", launch, prefix)


def _ogx(port: int, url: str, models: list[str]) -> dict[str, object]:
    def provider(name: str, kind: str, config: object) -> list[dict[str, object]]:
        return [{"provider_id": name, "provider_type": kind, "config": config}]

    def table(name: str) -> dict[str, object]:
        return {"table_name": name, "backend": "sql_default"}

    vllm = {"base_url": url, "api_token": "none"}
    return {
        "version": 2,
        "distro_name": "bench",
        "apis": ["inference", "interactions"],
        "providers": {
            "inference": provider("backend", "remote::vllm", vllm),
            "interactions": provider(
                "builtin", "inline::builtin", {"store": table("interactions")}
            ),
        },
        "storage": {
            "backends": {
                "kv_default": {"type": "kv_sqlite", "db_path": "kv.db"},
                "sql_default": {"type": "sql_sqlite", "db_path": "sql.db"},
            },
            "stores": {
                "metadata": {"namespace": "registry", "backend": "kv_default"},
                "inference": table("inference") | {"enabled": True},
                "conversations": table("conversations"),
                "prompts": table("prompts"),
            },
        },
        "registered_resources": {
            "models": [
                {"model_id": model, "provider_model_id": model, "model_type": "llm"}
                | {"provider_id": "backend"}
                for model in models
            ]
        },
        "server": {"host": "127.0.0.1", "port": port},
    }


def installed_peers() -> list[Subject]:
    """Return the peers that `make bench-peers` has installed."""
    known = [
        (peers.LITELLM, litellm),
        (peers.OGX, ogx),
        (peers.ROSETTA, rosetta),
    ]
    return [subject() for peer, subject in known if peer.version()]
