"""The configuration: what is accepted, what comes out, and every refusal in full."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest

from openinteractions.config import (
    Address,
    Agent,
    Auth,
    Background,
    Config,
    ConfigError,
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
    show,
    unset_variables,
)

EXAMPLE = Path(__file__).parents[1] / "openinteractions.example.toml"

GEMINI = '[endpoints.g]\ndialect = "gemini"\n'
VLLM = '[endpoints.vllm]\ndialect = "chat"\nbase_url = "http://gpu1:8000/v1"\n'
EVERY_NAME = '[models."*"]\nendpoint = "vllm"\n'
SHARED = '[objects]\nurl = "s3://media"\n[store]\nurl = "postgresql://db/oi"\n'


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(text: str, **environ: str) -> Config:
    path = Path("oi.toml")
    path.write_text(text, "utf-8")
    return load(path, environ=environ)


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


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, "data/oi.db.objects"),
        ("file:///var/lib/oi", "/var/lib/oi"),
        ("file:/var/lib/oi", "/var/lib/oi"),
        ("file:media/here", "media/here"),
    ],
)
def test_objects_lie_where_the_url_says_or_beside_the_database(
    url: str | None, path: str
) -> None:
    assert Objects(url=url).path(Path("data/oi.db")) == Path(path)


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        (None, None),
        ("file:///s3://media", None),
        ("s3://media", ("media", "")),
        ("s3://media/", ("media", "")),
        ("s3://media/one", ("media", "one/")),
        ("s3://media/one/two/", ("media", "one/two/")),
    ],
)
def test_a_bucket_has_a_name_and_maybe_a_prefix(
    url: str | None, bucket: tuple[str, str] | None
) -> None:
    assert Objects(url=url).bucket == bucket


BUCKET = """
[objects]
url = "s3://media/oi"
endpoint_url = "https://minio.internal:9000"
region = "eu"
access_key_id_env = "S3_ID"
secret_access_key_env = "S3_SECRET"
[endpoints.play]
dialect = "scripted"
[models."*"]
endpoint = "play"
"""


def test_the_key_of_a_bucket_comes_from_the_environment_and_is_not_shown() -> None:
    config = loaded(BUCKET, S3_ID="s3cret-id", S3_SECRET="s3cret", OTHER="x")

    assert config.bucket_key == ("s3cret-id", "s3cret")
    assert unset_variables(config) == []
    text = show(config)
    assert "s3cret" not in text
    assert (
        """\
[objects]
url = "s3://media/oi"
endpoint_url = "https://minio.internal:9000"
region = "eu"
access_key_id_env = "S3_ID"  # set
secret_access_key_env = "S3_SECRET"  # set
"""
        in text
    )


EVENTS = """
[events]
url = "tls://nats1,tls://[::1]:4223"
token_env = "NATS_TOKEN"
replicas = 3
"""


def test_how_to_get_into_nats_comes_from_the_environment_and_is_not_shown() -> None:
    config = loaded(EVENTS, NATS_TOKEN="s3cret")

    assert config.events.urls == ("tls://nats1:4222", "tls://[::1]:4223")
    assert config.environment["NATS_TOKEN"] == "s3cret"
    text = show(config)
    assert "s3cret" not in text
    assert (
        """\
[events]
url = "tls://nats1,tls://[::1]:4223"
token_env = "NATS_TOKEN"  # set
stream = "openinteractions"
storage = "file"
replicas = 3
max_age_seconds = 3600
max_bytes = 1073741824
"""
        in text
    )
    assert unset_variables(loaded(EVENTS)) == [
        (
            "events.token_env: the environment variable NATS_TOKEN is not set; it "
            "should have the token for NATS"
        )
    ]


def test_a_key_of_a_bucket_that_is_not_set_is_named() -> None:
    assert unset_variables(loaded(BUCKET, S3_ID="k")) == [
        (
            "objects.secret_access_key_env: the environment variable S3_SECRET is not "
            "set; it should have the key of the bucket"
        )
    ]
    keyless = BUCKET.replace('access_key_id_env = "S3_ID"', "").replace(
        'secret_access_key_env = "S3_SECRET"', ""
    )
    assert loaded(keyless).bucket_key is None


@pytest.mark.parametrize(
    ("environ", "source", "endpoint", "model"),
    [
        pytest.param(
            {"OPENAI_API_KEY": "k"},
            "OPENAI_API_KEY",
            Endpoint(
                dialect="chat",
                base_url="https://api.openai.com/v1",
                api_key_env="OPENAI_API_KEY",
            ),
            Model(
                endpoint="openai",
                profile=Profile(max_tokens_member="max_completion_tokens"),
            ),
            id="key",
        ),
        pytest.param(
            {"OPENAI_BASE_URL": "http://gpu1:8000/v1", "OPENAI_API_KEY": ""},
            "OPENAI_BASE_URL",
            Endpoint(dialect="chat", base_url="http://gpu1:8000/v1"),
            Model(endpoint="openai"),
            id="url",
        ),
        pytest.param(
            {
                "OPENAI_BASE_URL": "http://gpu1:8000/v1",
                "OPENAI_API_KEY": "k",
                "OPENAI_MODEL": "Qwen/Qwen3-32B",
            },
            "OPENAI_BASE_URL and OPENAI_API_KEY",
            Endpoint(
                dialect="chat",
                base_url="http://gpu1:8000/v1",
                api_key_env="OPENAI_API_KEY",
            ),
            Model(endpoint="openai", upstream="Qwen/Qwen3-32B"),
            id="url, key and model",
        ),
    ],
)
def test_the_environment_gives_one_endpoint_for_every_name(
    environ: dict[str, str], source: str, endpoint: Endpoint, model: Model
) -> None:
    config = load(environ=environ)

    assert config.models_source == source
    assert config.endpoints == {"openai": endpoint}
    assert config.models == {"*": model}
    assert config.api_key("openai") == (environ.get("OPENAI_API_KEY") or None)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"OPENAI_MODEL": "gpt"}, id="only a model"),
        pytest.param({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}, id="empty"),
    ],
)
def test_without_key_and_url_the_environment_leaves_the_embedded_model(
    environ: dict[str, str],
) -> None:
    assert load(environ=environ).models == {"*": Model(endpoint="embedded")}


def test_a_file_without_models_leaves_them_to_the_environment() -> None:
    config = loaded('[server]\nhttp = "127.0.0.1:9000"\n', OPENAI_API_KEY="k")

    assert (config.source, config.models_source) == ("oi.toml", "OPENAI_API_KEY")
    assert config.server.http_address == Address("127.0.0.1", 9000)
    assert set(config.endpoints) == {"openai"}


def test_a_file_with_models_beats_the_environment() -> None:
    config = loaded(VLLM + EVERY_NAME, OPENAI_API_KEY="k")

    assert config.models_source == "oi.toml"
    assert set(config.endpoints) == {"vllm"}
    assert config.environment == {}


def test_openinteractions_toml_in_the_working_directory_is_found() -> None:
    Path("openinteractions.toml").write_text(VLLM + EVERY_NAME, "utf-8")

    assert load(environ={}).source == "openinteractions.toml"


def test_flags_beat_the_file() -> None:
    Path("oi.toml").write_text(
        '[server]\nhttp = "127.0.0.1:1"\ngrpc = "127.0.0.1:2"\n' + VLLM + EVERY_NAME,
        "utf-8",
    )

    config = load(
        Path("oi.toml"),
        http="localhost:3",
        grpc="[::1]:0",
        embedded=True,
        environ={"OPENAI_API_KEY": "k"},
    )

    assert config.server.http_address == Address("localhost", 3)
    assert config.server.grpc_address == Address("::1", 0)
    assert config.models_source == "the embedded model"
    assert config.endpoints == {"embedded": Endpoint(dialect="embedded")}


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


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://h/d", "postgresql://h/d"),
        ("postgresql://u@h:1/d", "postgresql://u@h:1/d"),
        ("postgresql://u:p@h/d", "postgresql://u@h/d"),
        ("postgresql://:p@h/d", "postgresql://@h/d"),
        ("postgresql://u:p%40x:y@z@h,h2:5/d", "postgresql://u@h,h2:5/d"),
        ("postgresql://h/d?user=u&password=p", "postgresql://h/d?user=u"),
        (
            "postgresql://h/d?password=p&sslmode=require",
            "postgresql://h/d?sslmode=require",
        ),
        ("postgresql://h/d?sslpassword=p&password=q&x=y", "postgresql://h/d?x=y"),
        ("postgresql:///d?host=/run/pg", "postgresql:///d?host=/run/pg"),
    ],
)
def test_no_password_of_the_store_is_shown(url: str, text: str) -> None:
    config = loaded(SHARED.replace("postgresql://db/oi", url))

    assert config.store.shown == text
    assert f'url = "{text}"\n' in show(config)


def test_the_password_of_the_store_comes_from_the_environment() -> None:
    text = f'{SHARED}password_env = "PW"'

    assert loaded(text, PW="secret").environment == {"PW": "secret"}
    assert 'password_env = "PW"  # set\n' in show(loaded(text, PW="secret"))
    assert "secret" not in show(loaded(text, PW="secret"))
    problem = (
        "store.password_env: the environment variable PW is not set; it should have "
        "the password of the database"
    )
    assert unset_variables(loaded(text)) == [problem]


def test_without_auth_there_is_no_list_of_keys() -> None:
    assert load(environ={}).accepted_keys is None


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True),
        ("127.9.9.9:0", Address("127.9.9.9", 0), True),
        ("localhost:65535", Address("localhost", 65535), True),
        ("[::1]:80", Address("::1", 80), True),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),  # noqa: S104
        ("[::]:80", Address("::", 80), False),
        ("10.0.0.1:80", Address("10.0.0.1", 80), False),
        ("localhost.example.com:80", Address("localhost.example.com", 80), False),
    ],
)
def test_an_address_is_read_and_written(
    text: str, address: Address, *, loopback: bool
) -> None:
    assert Address.parse(text) == address
    assert str(address) == text
    assert address.loopback is loopback


BAD_ADDRESSES = ["", ":", "8080", ":8080", "host:", "host:http", "host:65536"]
BAD_ADDRESSES += ["host:-1", "::1:80", "host:80:90", "host:٣"]


@pytest.mark.parametrize("text", BAD_ADDRESSES)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(http=text, environ={})

    assert str(raised.value) == (
        f'--http: "{text}" is not an address; '
        'write it as host:port, for example "127.0.0.1:8080" or "[::1]:8080"'
    )


REFUSED = {
    # Shape
    "not TOML": ("a = ", "is not TOML: Invalid value (at end of document)"),
    "unknown table": ("[sevrer]", "sevrer: unknown table; did you mean server?"),
    "unknown key at the top": (
        "http = 1",
        (
            "http: unknown table; known are server, auth, store, events, background, "
            "files, objects, egress, endpoints, models, agents"
        ),
    ),
    "unknown key": (
        '[server]\nhtp = "x"',
        "server.htp: unknown key; did you mean http?",
    ),
    "unknown key, nothing close": (
        '[models."a.b"]\nendpoint = "x"\nzzz = 1',
        'models."a.b".zzz: unknown key; known are endpoint, upstream, profile',
    ),
    "unknown key in a nested table": (
        '[models.a]\nendpoint = "e"\n[models.a.profile]\nvison = true',
        "models.a.profile.vison: unknown key; did you mean vision?",
    ),
    "table is no table": ("server = 1", "server: expected a table, got an integer"),
    "table is a list": (
        '[[server]]\nhttp = ""',
        "server: expected a table, got a list",
    ),
    "models is no table": (
        "models = true",
        "models: expected a table, got true or false",
    ),
    "model is no table": (
        "[models]\na = 1",
        "models.a: expected a table, got an integer",
    ),
    "string expected": (
        "[server]\nhttp = 8080",
        "server.http: expected a string, got an integer",
    ),
    "a list is no string": (
        '[server]\nhttp = ["127.0.0.1:80"]',
        "server.http: expected a string, got a list",
    ),
    "header is no string": (
        '[endpoints.v]\ndialect = "chat"\nheaders = { A = 1 }',
        "endpoints.v.headers: expected a string, got an integer",
    ),
    "integer expected": (
        '[endpoints.v]\ndialect = "embedded"\nthreads = 1.5',
        "endpoints.v.threads: expected an integer, got a number",
    ),
    "boolean expected": (
        '[models.a]\nendpoint = "e"\nprofile = { vision = "yes" }',
        "models.a.profile.vision: expected true or false, got a string",
    ),
    "boolean or string expected": (
        '[models.a]\nendpoint = "e"\nprofile = { reasoning = 1 }',
        (
            "models.a.profile.reasoning: expected true or false or a string, "
            "got an integer"
        ),
    ),
    "unknown word": (
        '[server]\ndefault_revision = "new"',
        'server.default_revision: expected one of "steps", "outputs", got "new"',
    ),
    "unknown dialect": (
        '[endpoints.v]\ndialect = "openai"',
        (
            'endpoints.v.dialect: expected one of "chat", "responses", "gemini", '
            '"embedded", "scripted", got "openai"'
        ),
    ),
    "unknown word or boolean": (
        '[models.a]\nendpoint = "e"\nprofile = { tools = "maybe" }',
        (
            "models.a.profile.tools: expected one of true, false, "
            '"native", "constrained", got "maybe"'
        ),
    ),
    "unknown word in a list": (
        '[models.a]\nendpoint = "e"\nprofile = { remote_urls = ["image", "sound"] }',
        (
            'models.a.profile.remote_urls[1]: expected one of "image", "audio", '
            '"video", "document", got "sound"'
        ),
    ),
    "boolean or list expected": (
        '[models.a]\nendpoint = "e"\nprofile = { files = "pdf" }',
        "models.a.profile.files: expected true or false or a list, got a string",
    ),
    "required key": (
        "[auth]",
        "auth.keys_env: missing; it is required in [auth]",
    ),
    "required key of a named table": (
        '[models."a.b"]\nupstream = "x"',
        'models."a.b".endpoint: missing; it is required in [models."a.b"]',
    ),
    "unquoted name of a model": (
        '[models.gemini-2.5-flash]\nendpoint = "vllm"',
        (
            "models.gemini-2.5-flash: a table within a table; "
            'a name with dots in it needs quotes: [models."gemini-2.5-flash"]'
        ),
    ),
    "unquoted name with several dots": (
        '[models.a.b.c]\nendpoint = "vllm"\nupstream = "x"',
        (
            "models.a.b.c: a table within a table; "
            'a name with dots in it needs quotes: [models."a.b.c"]'
        ),
    ),
    "unquoted name of a profile": (
        "[models.gpt-4.1.profile]\nvision = false",
        (
            "models.gpt-4.1: a table within a table; "
            'a name with dots in it needs quotes: [models."gpt-4.1"]'
        ),
    ),
    "unquoted name of an endpoint": (
        '[endpoints.gpu.one]\ndialect = "chat"',
        (
            "endpoints.gpu.one: a table within a table; "
            'a name with dots in it needs quotes: [endpoints."gpu.one"]'
        ),
    ),
    # Rules
    "address": (
        '[server]\ngrpc = "50051"',
        (
            'server.grpc: "50051" is not an address; '
            'write it as host:port, for example "127.0.0.1:8080" or "[::1]:8080"'
        ),
    ),
    "same address twice": (
        '[server]\nhttp = "127.0.0.1:80"\ngrpc = "127.0.0.1:80"',
        'server.grpc: "127.0.0.1:80" is the address of server.http',
    ),
    "open address without keys": (
        '[server]\nhttp = "0.0.0.0:80"',
        (
            'server.http: "0.0.0.0:80" can be reached from other machines and there is '
            "no [auth]; add [auth] with keys_env, or listen on 127.0.0.1"
        ),
    ),
    "open gRPC address without keys": (
        '[server]\ngrpc = "gpu1:80"',
        (
            'server.grpc: "gpu1:80" can be reached from other machines and there is '
            "no [auth]; add [auth] with keys_env, or listen on 127.0.0.1"
        ),
    ),
    "key instead of its variable": (
        '[auth]\nkeys_env = "sk-secret"',
        (
            "auth.keys_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "endpoint's key instead of its variable": (
        VLLM + 'api_key_env = "sk-secret"',
        (
            "endpoints.vllm.api_key_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "no body at all": (
        "[server]\nmax_body_bytes = 0",
        (
            "server.max_body_bytes: 0 is out of range; "
            "it should be between 1 and 2147483647"
        ),
    ),
    "body beyond gRPC": (
        "[server]\nmax_body_bytes = 2147483648",
        (
            "server.max_body_bytes: 2147483648 is out of range; "
            "it should be between 1 and 2147483647"
        ),
    ),
    "no bodies at all": (
        "[server]\nmax_bodies_bytes = 0",
        "server.max_bodies_bytes: 0 is out of range; it should be above 0",
    ),
    "no media at all": (
        "[server]\nmax_media_bytes = 0",
        "server.max_media_bytes: 0 is out of range; it should be above 0",
    ),
    "no grace at all": (
        "[server]\nshutdown_grace_seconds = -1",
        (
            "server.shutdown_grace_seconds: -1.0 is out of range; "
            "it should be between 0 and 86400"
        ),
    ),
    "no workers": (
        "[server]\nworkers = 0",
        "server.workers: 0 is out of range; it should be between 1 and 256",
    ),
    "half a worker": (
        "[server]\nworkers = 1.5",
        "server.workers: expected an integer, got a number",
    ),
    "events elsewhere": (
        '[events]\nurl = "redis://host"',
        (
            'events.url: "redis://host" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "events at no port": (
        '[events]\nurl = "nats://a:4222,nats://b:0"',
        (
            'events.url: "nats://b:0" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "events with a path": (
        '[events]\nurl = "nats://a:4222/x"',
        (
            'events.url: "nats://a:4222/x" is not a URL of a NATS server; write it as '
            '"nats://host:4222", several with commas between'
        ),
    ),
    "a password in the events' URL": (
        '[events]\nurl = "nats://user:s3cret@host"',
        (
            "events.url: a URL is no place for a password or token; "
            "leave it out and use user and password_env, or token_env"
        ),
    ),
    "events half in the clear": (
        '[events]\nurl = "nats://a,tls://b"',
        "events.url: has nats:// and tls://; use one of them for all",
    ),
    "NATS settings without NATS": (
        "[events]\nreplicas = 3",
        ('events.replicas: is for NATS; add url = "nats://host:4222", or leave it out'),
    ),
    "a user without a password": (
        '[events]\nurl = "nats://a"\nuser = "oi"',
        "events.user: is of no use without password_env",
    ),
    "a password without a user": (
        '[events]\nurl = "nats://a"\npassword_env = "P"',
        "events.password_env: is of no use without user",
    ),
    "a token itself": (
        '[events]\nurl = "nats://a"\ntoken_env = "s3cret-token"',
        (
            "events.token_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "two ways in": (
        '[events]\nurl = "nats://a"\ntoken_env = "T"\ncredentials_file = "c"',
        "events.credentials_file: is of no use beside token_env; use one",
    ),
    "certificates without TLS": (
        '[events]\nurl = "nats://a"\nca_file = "ca.pem"',
        "events.ca_file: is for TLS; write the url with tls://",
    ),
    "a certificate without its key": (
        '[events]\nurl = "tls://a"\ncert_file = "c.pem"',
        "events.cert_file: is of no use without key_file",
    ),
    "a stream with a dot": (
        '[events]\nurl = "nats://a"\nstream = "open.interactions"',
        (
            'events.stream: "open.interactions" is not a name of a stream; '
            'use letters, digits, "-" and "_"'
        ),
    ),
    "too many replicas": (
        '[events]\nurl = "nats://a"\nreplicas = 6',
        "events.replicas: 6 is out of range; it should be between 1 and 5",
    ),
    "events on paper": (
        '[events]\nurl = "nats://a"\nstorage = "paper"',
        'events.storage: expected one of "file", "memory", got "paper"',
    ),
    "events for no time": (
        '[events]\nurl = "nats://a"\nmax_age_seconds = 0',
        (
            "events.max_age_seconds: 0.0 is out of range; "
            "it should be between 1 and 31536000"
        ),
    ),
    "no room for events": (
        '[events]\nurl = "nats://a"\nmax_bytes = 0',
        "events.max_bytes: 0 is out of range; it should be above 0",
    ),
    "trusted proxy": (
        '[server]\ntrusted_proxies = ["proxy.example"]',
        (
            'server.trusted_proxies: "proxy.example" is not a network; '
            'write for example "10.0.0.0/8"'
        ),
    ),
    "public URL": (
        '[server]\npublic_url = "ai.example.com"',
        (
            'server.public_url: "ai.example.com" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "store that is not there": (
        '[store]\nurl = "mysql://oi:secret@db/oi"',
        (
            'store.url: "mysql://oi@db/oi" is not a store that this version has; '
            'write "sqlite:///openinteractions.db" or "postgresql://user@host/database"'
        ),
    ),
    "PostgreSQL that is no URL": (
        '[store]\nurl = "postgresql://oi:secret@[db/oi"',
        (
            'store.url: "postgresql://oi@[db/oi" is not a URL; '
            'write it as "postgresql://user@host/name"'
        ),
    ),
    "PostgreSQL without a place for bytes": (
        '[store]\nurl = "postgresql://db/oi"',
        (
            "objects.url: missing; there is no directory beside PostgreSQL: give a "
            'bucket, "s3://bucket/prefix", or a directory that all servers share, '
            '"file:///srv/openinteractions/objects"'
        ),
    ),
    "two passwords": (
        SHARED.replace("db/", "oi:secret@db/") + 'password_env = "PW"',
        "store.password_env: is of no use beside the password in the url",
    ),
    "password where its variable belongs": (
        f'{SHARED}password_env = "s3cret!"',
        (
            "store.password_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "too few connections": (
        f"{SHARED}connections = 2",
        "store.connections: 2 is out of range; it should be between 3 and 1000",
    ),
    "password of a file": (
        '[store]\npassword_env = "PW"',
        "store.password_env: is for PostgreSQL; leave it out",
    ),
    "connections to a file": (
        "[store]\nconnections = 5",
        "store.connections: is for PostgreSQL; leave it out",
    ),
    "file that lives for no time": (
        "[files]\nttl_hours = 0",
        "files.ttl_hours: 0 is out of range; it should be above 0",
    ),
    "upload that may take no time": (
        "[files]\nupload_ttl_hours = -1",
        "files.upload_ttl_hours: -1 is out of range; it should be above 0",
    ),
    "file without bytes": (
        "[files]\nmax_bytes = 0",
        "files.max_bytes: 0 is out of range; it should be above 0",
    ),
    "objects that are no URL": (
        '[objects]\nurl = "/var/lib/oi"',
        (
            'objects.url: "/var/lib/oi" is not a place for objects that this version '
            'has; write "file:///var/lib/openinteractions/objects", "file:objects" or '
            '"s3://bucket/prefix"'
        ),
    ),
    "objects on another host": (
        '[objects]\nurl = "file://host/var/lib/oi"',
        (
            'objects.url: "file://host/var/lib/oi" is not a place for objects that '
            'this version has; write "file:///var/lib/openinteractions/objects", '
            '"file:objects" or "s3://bucket/prefix"'
        ),
    ),
    "bucket that is none": (
        '[objects]\nurl = "s3://Bucket/../x"',
        (
            'objects.url: "s3://Bucket/../x" is not a place for objects that this '
            'version has; write "file:///var/lib/openinteractions/objects", '
            '"file:objects" or "s3://bucket/prefix"'
        ),
    ),
    "server of a directory": (
        '[objects]\nurl = "file:objects"\nendpoint_url = "http://minio:9000"',
        (
            "objects.endpoint_url: a directory has no server; leave it out, or use "
            'url = "s3://…"'
        ),
    ),
    "server of a bucket that is none": (
        '[objects]\nurl = "s3://media"\nendpoint_url = "minio:9000"',
        (
            'objects.endpoint_url: "minio:9000" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "half a key of a bucket": (
        '[objects]\nurl = "s3://media"\nsecret_access_key_env = "SECRET"',
        "objects.access_key_id_env: missing; secret_access_key_env needs it",
    ),
    "key of a bucket in the file": (
        (
            '[objects]\nurl = "s3://media"\naccess_key_id_env = "k/y"\n'
            'secret_access_key_env = "s/cret"'
        ),
        (
            "objects.access_key_id_env: not the name of an environment variable; "
            "the key itself belongs into the environment"
        ),
    ),
    "file too large for a bucket": (
        '[files]\nmax_bytes = 10000000001\n[objects]\nurl = "s3://media"',
        (
            "files.max_bytes: 10000000001 is out of range; "
            "a bucket takes files of at most 10000000000 bytes"
        ),
    ),
    "allowed network with more than its bits": (
        '[egress]\nallow = ["10.0.0.0/8", "10.0.0.1/8"]',
        (
            'egress.allow: "10.0.0.1/8" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed host as a URL": (
        '[egress]\nallow = ["http://minio/"]',
        (
            'egress.allow: "http://minio/" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed address that is none": (
        '[egress]\nallow = ["10.0.0.256"]',
        (
            'egress.allow: "10.0.0.256" is neither a network nor a host; '
            'write for example "10.0.0.0/8" or "media.example.com"'
        ),
    ),
    "allowed is no list": (
        '[egress]\nallow = "10.0.0.0/8"',
        "egress.allow: expected a list, got a string",
    ),
    "allowed is no text": (
        "[egress]\nallow = [10]",
        "egress.allow[0]: expected a string, got an integer",
    ),
    "no time to read": (
        "[egress]\ntimeout_seconds = 0",
        "egress.timeout_seconds: 0 is out of range; it should be above 0",
    ),
    "nothing to read": (
        "[egress]\nmax_bytes = 0",
        "egress.max_bytes: 0 is out of range; it should be above 0",
    ),
    "no place": (
        "[background]\nconcurrency = 0",
        "background.concurrency: 0 is out of range; it should be above 0",
    ),
    "no queue": (
        "[background]\nqueue = -1",
        "background.queue: -1 is out of range; it should be above 0",
    ),
    "no time to live": (
        "[background]\ndeadline_seconds = 0.5",
        (
            "background.deadline_seconds: 0.5 is out of range; "
            "it should be between 1 and 3600"
        ),
    ),
    "nothing is kept": (
        "[store]\nttl_days = 0",
        "store.ttl_days: 0 is out of range; it should be above 0",
    ),
    "store without a path": (
        '[store]\nurl = "sqlite:///"',
        (
            'store.url: "sqlite:///" is not a store that this version has; '
            'write "sqlite:///openinteractions.db" or "postgresql://user@host/database"'
        ),
    ),
    "no URL": (
        '[endpoints.v]\ndialect = "chat"',
        (
            'endpoints.v.base_url: missing; the dialect "chat" needs the URL of a '
            'server, for example "http://127.0.0.1:8000/v1"'
        ),
    ),
    "URL with a port that is none": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://gpu1:http/v1"',
        (
            'endpoints.v.base_url: "http://gpu1:http/v1" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "URL with a query": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://gpu1/v1?a=b"',
        (
            'endpoints.v.base_url: "http://gpu1/v1?a=b" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment'
        ),
    ),
    "URL with a password": (
        '[endpoints.v]\ndialect = "chat"\nbase_url = "http://me:secret@gpu1/v1"',
        (
            "endpoints.v.base_url: a URL is no place for a key or password; "
            "leave it out and name an environment variable"
        ),
    ),
    "embedded with a URL": (
        '[endpoints.v]\ndialect = "embedded"\nbase_url = "http://gpu1/v1"',
        (
            'endpoints.v.base_url: the dialect "embedded" has no server; '
            'leave it out, or use dialect = "chat"'
        ),
    ),
    "a place to keep what is no relay's": (
        VLLM + 'store = "here"',
        (
            'endpoints.vllm.store: what the dialect "chat" answers is kept here; '
            'leave it out, or use dialect = "gemini"'
        ),
    ),
    "Google without a key": (
        GEMINI,
        (
            "endpoints.g.api_key_env: missing; Google's server needs a key, for "
            'example that in "GEMINI_API_KEY"; for another server, give its base_url'
        ),
    ),
    "a relay at Azure": (
        GEMINI + 'base_url = "http://g/v1"\napi_version = "1"',
        (
            "endpoints.g.api_version: is for Azure resources; the dialect "
            '"gemini" has the version in base_url'
        ),
    ),
    "agents of a chat server": (
        VLLM + '[agents."*"]\nendpoint = "vllm"',
        (
            'agents."*".endpoint: the dialect "chat" has no agents; name an endpoint '
            'with dialect = "gemini"'
        ),
    ),
    "agents of no endpoint": (
        VLLM + '[agents.a]\nendpoint = "gone"',
        "agents.a.endpoint: there is no [endpoints.gone]; known are: vllm",
    ),
    "an agent without a name": (
        VLLM + '[agents.""]\nendpoint = "vllm"',
        'agents."": an agent needs a name',
    ),
    "chat with threads": (
        VLLM + "threads = 2",
        (
            'endpoints.vllm.threads: the dialect "chat" does not compute here; '
            'leave it out, or use dialect = "embedded"'
        ),
    ),
    "no threads": (
        '[endpoints.v]\ndialect = "embedded"\nthreads = 0',
        "endpoints.v.threads: 0 is out of range; it should be above 0",
    ),
    "no time": (
        VLLM + "connect_timeout_seconds = 0",
        (
            "endpoints.vllm.connect_timeout_seconds: 0 is out of range; "
            "it should be above 0"
        ),
    ),
    "endless time": (
        VLLM + "first_byte_timeout_seconds = inf",
        (
            "endpoints.vllm.first_byte_timeout_seconds: inf is out of range; "
            "it should be above 0"
        ),
    ),
    "no time at all": (
        VLLM + "between_chunks_timeout_seconds = nan",
        (
            "endpoints.vllm.between_chunks_timeout_seconds: nan is out of range; "
            "it should be above 0"
        ),
    ),
    "name of a header": (
        VLLM + 'headers = { "X Team" = "a" }',
        'endpoints.vllm.headers: "X Team" is not the name of a header',
    ),
    "value of a header": (
        VLLM + 'headers = { X-Team = "a\\r\\nb" }',
        (
            "endpoints.vllm.headers.X-Team: "
            "a header has visible ASCII characters and spaces only"
        ),
    ),
    "endpoints without models": (
        VLLM,
        (
            "models: no model is configured; add for example "
            '[models."*"] with endpoint = "vllm"'
        ),
    ),
    "models without endpoints": (
        EVERY_NAME,
        'models."*".endpoint: there is no [endpoints.vllm]; known are: none',
    ),
    "unknown endpoint": (
        VLLM + '[models.a]\nendpoint = "vlm"',
        "models.a.endpoint: there is no [endpoints.vlm]; known are: vllm",
    ),
    "pattern": (
        VLLM + '[models."gemini-*"]\nendpoint = "vllm"',
        (
            'models."gemini-*": patterns are not known; '
            'write the whole name, or "*" for the rest'
        ),
    ),
    "model without a name": (
        VLLM + '[models.""]\nendpoint = "vllm"',
        'models."": a model needs a name',
    ),
    "empty upstream name": (
        VLLM + '[models.a]\nendpoint = "vllm"\nupstream = ""',
        "models.a.upstream: is empty; leave it out to keep the name",
    ),
    "profile of the embedded model": (
        (
            '[endpoints.here]\ndialect = "embedded"\n'
            '[models.a]\nendpoint = "here"\nprofile = { seed = false }'
        ),
        'models.a.profile: what the dialect "embedded" can do is known; leave it out',
    ),
    "no output": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { max_output_tokens = 0 }',
        "models.a.profile.max_output_tokens: 0 is out of range; it should be above 0",
    ),
    "outputs without any": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { outputs = [] }',
        (
            "models.a.profile.outputs: is empty or has one twice; list what the model "
            'makes, the usual first, for example ["image"]'
        ),
    ),
    "unknown output": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { outputs = ["smell"] }',
        (
            'models.a.profile.outputs[0]: expected one of "text", "image", "audio", '
            'got "smell"'
        ),
    ),
    "size of images": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { image_sizes = ["big"] }',
        (
            'models.a.profile.image_sizes: "big" is not a size; write it as width and '
            'height, "1536x1024"'
        ),
    ),
    "media in the chat of another dialect": (
        (
            '[endpoints.vllm]\ndialect = "responses"\nbase_url = "http://h/v1"\n'
            '[models.a]\nendpoint = "vllm"\nprofile = { chat_media = true }'
        ),
        (
            'models.a.profile.chat_media: the dialect "responses" has no media in its '
            'answers; leave it out, or use dialect = "chat"'
        ),
    ),
    "too many previews": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { image_previews = 4 }',
        (
            "models.a.profile.image_previews: 4 is out of range; it should be between "
            "0 and 3"
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(text)

    assert str(raised.value) == f"oi.toml: {message}"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("none.toml", "No such file or directory", id="missing"),
        pytest.param(".", "Is a directory", id="directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(path: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(Path(path), environ={})

    assert str(raised.value) == f"{path}: cannot be read: {reason}"


def test_a_file_that_is_not_text_is_named() -> None:
    Path("oi.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError) as raised:
        load(Path("oi.toml"), environ={})

    assert str(raised.value) == "oi.toml: is not UTF-8 text, as TOML has to be"


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    with pytest.raises(ConfigError) as raised:
        load(environ={"OPENAI_BASE_URL": "gpu1:8000"})

    assert str(raised.value) == (
        'OPENAI_BASE_URL: "gpu1:8000" is not a URL of a server; '
        'write it as "https://host/path", without query or fragment'
    )


def test_an_open_address_given_by_a_flag_names_the_flag() -> None:
    with pytest.raises(ConfigError) as raised:
        load(grpc="0.0.0.0:1", environ={})

    assert str(raised.value) == (
        '--grpc: "0.0.0.0:1" can be reached from other machines and there is '
        "no [auth]; add [auth] with keys_env, or listen on 127.0.0.1"
    )


@pytest.mark.parametrize("keys", [None, "", " , "])
def test_variables_that_are_named_but_not_set_are_told(keys: str | None) -> None:
    environ = {} if keys is None else {"KEYS": keys}
    config = loaded(
        '[auth]\nkeys_env = "KEYS"\n'
        + VLLM
        + 'api_key_env = "VLLM_KEY"\n'
        + EVERY_NAME,
        **environ,
    )

    assert unset_variables(config) == [
        (
            "auth.keys_env: the environment variable KEYS is not set; "
            "it should have the accepted keys, separated by commas"
        ),
        (
            "endpoints.vllm.api_key_env: the environment variable VLLM_KEY is not set; "
            "it should have the key of this endpoint"
        ),
    ]


SECRETS = {"KEYS": "s3cret-one,s3cret-two", "VLLM_KEY": "s3cret-three"}

WITH_SECRETS = f"""
[server]
http = "0.0.0.0:80"
[auth]
keys_env = "KEYS"
{VLLM}
api_key_env = "VLLM_KEY"
headers = {{ X-Key = "s3cret-four" }}
[endpoints."gpu.2"]
dialect = "chat"
base_url = "http://gpu2:8000/v1"
api_key_env = "GPU2_KEY"
[models."gemini-2.5-flash"]
endpoint = "vllm"
upstream = "Qwen/Qwen3-32B"
[models."gemini-2.5-flash".profile]
tools = "constrained"
"""


def test_what_is_shown_is_complete_and_has_no_secret() -> None:
    assert (
        show(loaded(WITH_SECRETS, **SECRETS))
        == """\
# settings from: oi.toml
# models from: oi.toml

[server]
http = "0.0.0.0:80"
grpc = "127.0.0.1:50051"
trusted_proxies = []
max_body_bytes = 104857600
max_bodies_bytes = 268435456
max_media_bytes = 104857600
default_revision = "steps"
shutdown_grace_seconds = 10
workers = 1

[auth]
keys_env = "KEYS"  # set

[store]
url = "sqlite:///openinteractions.db"
ttl_days = 55

[events]
# in openinteractions.db.signals

[background]
concurrency = 2000
queue = 10000
deadline_seconds = 10

[files]
ttl_hours = 48
upload_ttl_hours = 24
max_bytes = 2147483648

[objects]
# in openinteractions.db.objects

[egress]
enabled = true
allow = []
timeout_seconds = 30
max_bytes = 52428800

[endpoints.vllm]
dialect = "chat"
base_url = "http://gpu1:8000/v1"
api_key_env = "VLLM_KEY"  # set
headers = { X-Key = "(hidden)" }
connect_timeout_seconds = 5
first_byte_timeout_seconds = 600
between_chunks_timeout_seconds = 120

[endpoints."gpu.2"]
dialect = "chat"
base_url = "http://gpu2:8000/v1"
api_key_env = "GPU2_KEY"  # not set
connect_timeout_seconds = 5
first_byte_timeout_seconds = 600
between_chunks_timeout_seconds = 120

[models."gemini-2.5-flash"]
endpoint = "vllm"
upstream = "Qwen/Qwen3-32B"

[models."gemini-2.5-flash".profile]
tools = "constrained"
tool_choice = true
parallel_calls = true
json_schema = true
strict_schemas = false
reasoning = true
reasoning_effort = true
seed = true
stop = true
penalties = true
top_k = true
vision = true
audio = true
video = true
files = true
remote_urls = true
chat_media = false
image_sizes = []
image_edits = true
image_base64 = false
speakers = true
speech_rate = 24000
max_tokens_member = "max_tokens"
"""
    )


def test_what_is_shown_can_be_loaded_again() -> None:
    config = load(environ={})

    shown = loaded(show(config))

    again = msgspec.structs.replace(
        shown, source=config.source, models_source=config.models_source
    )
    assert again == config


def test_a_configuration_in_a_log_has_no_secret() -> None:
    config = loaded(WITH_SECRETS, **SECRETS)

    assert repr(config) == "Config(source='oi.toml')"
    assert "s3cret" not in f"{config} {config!r}"


def test_the_example_loads() -> None:
    config = load(EXAMPLE, environ={})

    assert set(config.models) == {"gemini-2.5-flash", "*"}
    assert unset_variables(config) == []


COMMENTED = re.compile(r"^# (\w+ = .*)$", re.MULTILINE)


def test_the_defaults_that_the_example_shows_are_the_defaults() -> None:
    text = EXAMPLE.read_text("utf-8")

    def uncommented(found: re.Match[str]) -> str:
        return found[0] if "# example" in found[1] else found[1]

    assert COMMENTED.sub(uncommented, text) != text
    assert loaded(COMMENTED.sub(uncommented, text)) == msgspec.structs.replace(
        load(EXAMPLE, environ={}), source="oi.toml", models_source="oi.toml"
    )


@pytest.mark.parametrize(
    "table", [Server, Auth, Store, Events, Egress, Endpoint, Agent, Model, Profile]
)
def test_the_example_has_every_setting(table: type[msgspec.Struct]) -> None:
    text = EXAMPLE.read_text("utf-8")
    documented = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    documented |= {"profile"} if ".profile]" in text else set()

    assert set(table.__struct_fields__) <= documented
