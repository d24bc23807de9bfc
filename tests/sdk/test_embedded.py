"""The main job, end to end: the newest Python SDK, the server, a real model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk import environments
from tests.sdk.python.wordless import BEHAVIOURS
from tests.sdk.servers import Server, serving, tail

WAIT_SECONDS = 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Serve the embedded model."""
    arguments = ["--embedded", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
    with serving(arguments, tmp_path, tmp_path / "log") as found:
        yield found


def run(name: str, server: Server) -> str:
    """Run a program in the environment of the newest SDK; give what it prints."""
    program = Path(__file__).parent / "python" / name
    done = subprocess.run(
        [environments.environment("3.3.0"), program, server.url],
        env={},
        check=False,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, f"{done.stderr}\n{tail(server.log)}"
    return done.stdout


def test_what_a_client_sees_whatever_the_words_are(server: Server) -> None:
    # One test for all, because each test has a model of its own.
    results = list(map(json.loads, run("wordless.py", server).splitlines()))
    assert [result["name"] for result in results] == list(BEHAVIOURS)
    failed = [result for result in results if result["error"]]
    told = "\n".join(f"{result['name']}\n{result['error']}" for result in failed)
    if failed:
        pytest.fail(told, pytrace=False)


def test_an_unmodified_client_gets_answers_from_the_embedded_model(
    server: Server,
) -> None:
    found = json.loads(run("newcomer.py", server))

    assert "Paris" in found["answer"]
    assert found["status"] == "completed"
    assert found["tokens"] > 0
    assert found["continued"]
    assert found["fetched"] in {"completed", "incomplete"}
    assert found["pieces"] > 1
    assert found["ended"] in {"completed", "incomplete"}
    status, kind, name, arguments_ = found["call"]
    assert (status, kind, name) == ("requires_action", "function_call", "get_weather")
    assert "Paris" in arguments_["location"]
    assert found["told"] == ["completed", "model_output"]
    assert set(found["document"]) == {"name", "legs"}
    assert isinstance(found["document"]["legs"], int)
    assert found["deleted"] == "NotFoundError"
