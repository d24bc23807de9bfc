"""The command line, as a process: what it prints, where, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from openinteractions import cli
from tests.clock import WAIT_SECONDS

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = os.pathsep.join(
    str(ROOT / root) for root in ("service", "gateway", "gen")
)


def openinteractions(
    folder: Path, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openinteractions", *arguments],
        cwd=folder,
        env={"PYTHONPATH": SOURCE_ROOTS, "COLUMNS": "80", **environ},
        check=False,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )


def test_check_prints_the_configuration(tmp_path: Path) -> None:
    done = openinteractions(tmp_path, "check", OPENAI_API_KEY="s3cret")

    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
# settings from: defaults
# models from: OPENAI_API_KEY

[server]
http = "127.0.0.1:8080"
grpc = "127.0.0.1:50051"
trusted_proxies = []
max_body_bytes = 104857600
max_bodies_bytes = 268435456
max_media_bytes = 104857600
default_revision = "steps"
shutdown_grace_seconds = 10
workers = 1

# no [auth]: any key is accepted, on this machine only

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

[endpoints.openai]
dialect = "chat"
base_url = "https://api.openai.com/v1"
api_key_env = "OPENAI_API_KEY"  # set
connect_timeout_seconds = 5
first_byte_timeout_seconds = 600
between_chunks_timeout_seconds = 120

[models."*"]
endpoint = "openai"

[models."*".profile]
tools = true
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
max_tokens_member = "max_completion_tokens"
"""
    )


@pytest.mark.parametrize("command", ["serve", "worker", "check", "migrate"])
def test_a_mistake_in_the_configuration_ends_every_command(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "oi.toml").write_text('[models.gpt-4.1]\nendpoint = "e"\n', "utf-8")

    done = openinteractions(tmp_path, command, "--config", "oi.toml")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "openinteractions: oi.toml: models.gpt-4.1: a table within a table; "
        'a name with dots in it needs quotes: [models."gpt-4.1"]\n'
    )


@pytest.mark.parametrize("command", ["serve", "worker", "check", "migrate"])
def test_a_missing_file_ends_every_command(tmp_path: Path, command: str) -> None:
    done = openinteractions(tmp_path, command, "--config", "none.toml")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "openinteractions: none.toml: cannot be read: No such file or directory\n"
    )


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        pytest.param("serve", "", id="serve"),
        pytest.param("check", '[auth]\nkeys_env = "KEYS"  # not set\n', id="check"),
    ],
)
def test_a_variable_that_is_not_set_is_named(
    tmp_path: Path, command: str, printed: str
) -> None:
    (tmp_path / "oi.toml").write_text('[auth]\nkeys_env = "KEYS"\n', "utf-8")

    done = openinteractions(tmp_path, command, "--config", "oi.toml")

    assert done.returncode == 2
    assert printed in done.stdout
    assert bool(done.stdout) is bool(printed)
    assert done.stderr == (
        "openinteractions: oi.toml: auth.keys_env: the environment variable KEYS is "
        "not set; it should have the accepted keys, separated by commas\n"
    )


@pytest.mark.parametrize(
    ("flag", "value", "problem"),
    [
        (
            "--http",
            "0.0.0.0:8080",
            (
                '"0.0.0.0:8080" can be reached from other machines and there is no '
                "[auth]; add [auth] with keys_env, or listen on 127.0.0.1"
            ),
        ),
        ("--workers", "0", "0 is out of range; it should be between 1 and 256"),
        ("--workers", "-2", "-2 is out of range; it should be between 1 and 256"),
    ],
)
def test_a_mistake_in_a_flag_names_the_flag(
    tmp_path: Path, flag: str, value: str, problem: str
) -> None:
    done = openinteractions(tmp_path, "serve", f"{flag}={value}")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"openinteractions: {flag}: {problem}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["sreve"], ["serve", "--nothing"], ["serve", "--workers=two"]]
)
def test_an_unknown_command_line_shows_the_usage(
    tmp_path: Path, arguments: list[str]
) -> None:
    done = openinteractions(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: openinteractions")
    assert "Traceback" not in done.stderr


def test_the_version_is_that_of_the_distribution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"openinteractions {cli.version()}\n"


def test_a_source_tree_that_is_not_installed_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_installed(_name: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", none_installed)

    assert cli.version() == "(not installed)"


def test_an_interrupt_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "load", interrupted)

    assert cli.main(["check"]) == 130
    assert capsys.readouterr() == ("", "")
