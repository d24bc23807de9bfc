"""Where settings come from: a file, flags, the environment or the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from openinteractions.config import (
    Address,
    ConfigError,
    Endpoint,
    Model,
    Profile,
    load,
    unset_variables,
)
from tests.config.texts import EVERY_NAME, VLLM, loaded


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
