"""The main job, end to end: the newest Python SDK, the server, a real model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.sdk import environments
from tests.sdk.servers import serving, tail

WAIT_SECONDS = 240


def test_an_unmodified_client_gets_answers_from_the_embedded_model(
    tmp_path: Path,
) -> None:
    python = environments.environment("3.3.0")
    program = Path(__file__).parent / "python" / "newcomer.py"
    arguments = ["--embedded", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
    log = tmp_path / "log"
    with serving(arguments, tmp_path, log) as server:
        done = subprocess.run(
            [python, program, server.url],
            env={},
            check=False,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
        )
        assert done.returncode == 0, f"{done.stderr}\n{tail(log)}"
    found = json.loads(done.stdout)

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
