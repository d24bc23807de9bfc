"""Every setting: what is read from a file that has them all."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from openinteractions.config import (
    Agent,
    Auth,
    Background,
    Config,
    Egress,
    Endpoint,
    Events,
    Files,
    Model,
    Objects,
    Profile,
    Server,
    Store,
    load,
    unset_variables,
)
from tests.config.texts import loaded


def test_without_a_file_and_variables_the_embedded_model_answers_every_name() -> None:
    assert load(environ={}) == Config(
        source="defaults",
        models_source="the embedded model",
        server=Server(
            http="127.0.0.1:8080",
            grpc="127.0.0.1:50051",
            public_url=None,
            trusted_proxies=(),
            max_body_bytes=104_857_600,
            max_bodies_bytes=268_435_456,
            max_media_bytes=104_857_600,
            default_revision="steps",
            shutdown_grace_seconds=10,
        ),
        auth=None,
        store=Store(url="sqlite:///openinteractions.db"),
        events=Events(
            url=None,
            stream="openinteractions",
            storage="file",
            replicas=1,
            max_age_seconds=3600,
            max_bytes=1_073_741_824,
        ),
        background=Background(concurrency=2000, queue=10_000, deadline_seconds=10),
        files=Files(ttl_hours=48, upload_ttl_hours=24, max_bytes=2_147_483_648),
        objects=Objects(url=None),
        egress=Egress(enabled=True, allow=(), timeout_seconds=30, max_bytes=52_428_800),
        endpoints={"embedded": Endpoint(dialect="embedded")},
        models={"*": Model(endpoint="embedded")},
        agents={},
        environment={},
    )


def test_every_setting_is_read() -> None:
    config = loaded(
        """
        [server]
        http = "0.0.0.0:80"
        grpc = "[::]:50051"
        public_url = "https://ai.example.com/base"
        trusted_proxies = ["10.0.0.0/8", "::1"]
        max_body_bytes = 1
        max_bodies_bytes = 2
        default_revision = "outputs"
        shutdown_grace_seconds = 0.5
        [auth]
        keys_env = "KEYS"
        [store]
        url = "sqlite:////var/lib/oi.db"
        ttl_days = 0.5
        [events]
        url = "tls://nats1,tls://nats2:4223"
        user = "oi"
        password_env = "NATS_PASSWORD"
        ca_file = "ca.pem"
        cert_file = "cert.pem"
        key_file = "key.pem"
        stream = "oi"
        storage = "memory"
        replicas = 3
        max_age_seconds = 60.5
        max_bytes = 1
        [background]
        concurrency = 2
        queue = 3
        deadline_seconds = 4.5
        [files]
        ttl_hours = 0.5
        upload_ttl_hours = 1
        max_bytes = 1
        [objects]
        url = "file:///var/lib/oi"
        [egress]
        enabled = false
        allow = ["10.0.0.0/8", "::1", "minio.internal"]
        timeout_seconds = 0.5
        max_bytes = 1
        [endpoints.vllm]
        dialect = "chat"
        base_url = "http://gpu1:8000/v1"
        api_key_env = "VLLM_KEY"
        api_version = "2025-01-01"
        headers = { X-Team = "search" }
        connect_timeout_seconds = 0.5
        first_byte_timeout_seconds = 60
        between_chunks_timeout_seconds = 30
        [endpoints.here]
        dialect = "embedded"
        threads = 3
        [endpoints.play]
        dialect = "scripted"
        [endpoints.other]
        dialect = "gemini"
        base_url = "http://other/v1"
        store = "here"
        [agents."deep-research"]
        endpoint = "other"
        upstream = "research"
        [models."gemini-2.5-flash"]
        endpoint = "vllm"
        upstream = "Qwen/Qwen3-32B"
        [models."gemini-2.5-flash".profile]
        tools = "constrained"
        tool_choice = false
        parallel_calls = false
        json_schema = false
        strict_schemas = true
        reasoning = "reasoning"
        reasoning_effort = false
        seed = false
        stop = false
        penalties = false
        top_k = false
        vision = false
        audio = false
        files = false
        remote_urls = false
        max_output_tokens = 8192
        max_tokens_member = "max_completion_tokens"
        """,
        KEYS="a, b,,",
        VLLM_KEY="v",
        NATS_PASSWORD="n",
        OTHER="never read",
    )

    assert config == Config(
        source="oi.toml",
        models_source="oi.toml",
        server=Server(
            http="0.0.0.0:80",
            grpc="[::]:50051",
            public_url="https://ai.example.com/base",
            trusted_proxies=("10.0.0.0/8", "::1"),
            max_body_bytes=1,
            max_bodies_bytes=2,
            default_revision="outputs",
            shutdown_grace_seconds=0.5,
        ),
        auth=Auth(keys_env="KEYS"),
        store=Store(url="sqlite:////var/lib/oi.db", ttl_days=0.5),
        events=Events(
            url="tls://nats1,tls://nats2:4223",
            user="oi",
            password_env="NATS_PASSWORD",
            ca_file="ca.pem",
            cert_file="cert.pem",
            key_file="key.pem",
            stream="oi",
            storage="memory",
            replicas=3,
            max_age_seconds=60.5,
            max_bytes=1,
        ),
        background=Background(concurrency=2, queue=3, deadline_seconds=4.5),
        files=Files(ttl_hours=0.5, upload_ttl_hours=1, max_bytes=1),
        objects=Objects(url="file:///var/lib/oi"),
        egress=Egress(
            enabled=False,
            allow=("10.0.0.0/8", "::1", "minio.internal"),
            timeout_seconds=0.5,
            max_bytes=1,
        ),
        endpoints={
            "vllm": Endpoint(
                dialect="chat",
                base_url="http://gpu1:8000/v1",
                api_key_env="VLLM_KEY",
                api_version="2025-01-01",
                headers={"X-Team": "search"},
                connect_timeout_seconds=0.5,
                first_byte_timeout_seconds=60,
                between_chunks_timeout_seconds=30,
            ),
            "here": Endpoint(dialect="embedded", threads=3),
            "play": Endpoint(dialect="scripted"),
            "other": Endpoint(
                dialect="gemini", base_url="http://other/v1", store="here"
            ),
        },
        agents={"deep-research": Agent(endpoint="other", upstream="research")},
        models={
            "gemini-2.5-flash": Model(
                endpoint="vllm",
                upstream="Qwen/Qwen3-32B",
                profile=Profile(
                    tools="constrained",
                    tool_choice=False,
                    parallel_calls=False,
                    json_schema=False,
                    strict_schemas=True,
                    reasoning="reasoning",
                    reasoning_effort=False,
                    seed=False,
                    stop=False,
                    penalties=False,
                    top_k=False,
                    vision=False,
                    audio=False,
                    files=False,
                    remote_urls=False,
                    max_output_tokens=8192,
                    max_tokens_member="max_completion_tokens",
                ),
            )
        },
        environment={"KEYS": "a, b,,", "VLLM_KEY": "v", "NATS_PASSWORD": "n"},
    )
    assert config.accepted_keys == ("a", "b")
    assert config.api_key("vllm") == "v"
    assert config.api_key("here") is None
    assert config.store.path == Path("/var/lib/oi.db")
    assert config.events.urls == ("tls://nats1:4222", "tls://nats2:4223")
    assert config.egress.networks == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert config.egress.hosts == ("minio.internal",)
    assert unset_variables(config) == []
