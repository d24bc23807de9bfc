"""A server that is killed in the middle of its work loses nothing that has finished.

The model's server and the tool are this test's own, and count what they are asked.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.clock import WAIT_SECONDS
from tests.test_server import SOURCE_ROOTS, Server, wait_for_line

ROOT = Path(__file__).parents[1]

CONFIGURATION = """
[server]
http = "127.0.0.1:0"
grpc = "127.0.0.1:0"
shutdown_grace_seconds = 0.2

[store]
url = "sqlite:///store.db"

[background]
deadline_seconds = 1

[endpoints.own]
dialect = "chat"
base_url = "{url}/v1"

[models."*"]
endpoint = "own"
"""

TOOL = {"type": "function", "name": "server_count", "parameters": {"type": "object"}}


class Counting:
    """What was begun and what has finished, and what is to hang."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.finished: list[str] = []
        self.hang: set[str] = set()
        self.hangs = threading.Event()
        self.go = threading.Event()

    def call(self, kind: str) -> None:
        """Note that something begins; wait if it is to hang."""
        self.begun.append(kind)
        if kind in self.hang:
            self.hangs.set()
            self.go.wait(WAIT_SECONDS)

    def done(self, kind: str) -> None:
        """Note that something has finished."""
        self.finished.append(kind)


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """Return a chunk of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


CALL = {
    "index": 0,
    "id": "call0",
    "type": "function",
    "function": {"name": "server_count", "arguments": '{"n":1}'},
}


def handler(counting: Counting) -> type[BaseHTTPRequestHandler]:
    """Return what answers: a model that calls the tool first, and the tool."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            try:
                if self.path == "/tool":
                    self._tool()
                else:
                    self._model(json.loads(body))
            except OSError:
                pass  # the server was killed

        def _tool(self) -> None:
            self.end_headers()
            counting.call("tool")
            self.wfile.write(b"counted")
            counting.done("tool")

        def _model(self, asked: dict[str, Any]) -> None:
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if any(message["role"] == "tool" for message in asked["messages"]):
                self.wfile.write(chunk({"content": "It is "}))
                self.wfile.flush()
                counting.call("answer")
                self.wfile.write(chunk({"content": "counted."}, "stop"))
                self.wfile.write(b"data: [DONE]\n\n")
                counting.done("answer")
            else:
                counting.call("question")
                self.wfile.write(chunk({"tool_calls": [CALL]}))
                self.wfile.write(chunk({}, "tool_calls") + b"data: [DONE]\n\n")
                counting.done("question")

    return Handler


@contextmanager
def answering(counting: Counting) -> Iterator[str]:
    """Run the model's server and the tool; give their URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(counting))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        counting.go.set()
        server.shutdown()
        server.server_close()


@contextmanager
def serving(folder: Path, url: str) -> Iterator[Server]:
    """Run the server with the tool."""
    (folder / "openinteractions.toml").write_text(CONFIGURATION.format(url=url))
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.tooled", url],
            cwd=folder,
            env={"PYTHONPATH": f"{SOURCE_ROOTS}:{ROOT}"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Server(process, wait_for_line(process, folder))
    finally:
        process.kill()
        process.communicate()


def events(url: str, until: str | None = None) -> list[dict[str, Any]]:
    """Read a stream to its end, or until a text comes."""
    found = []
    with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as stream:
        for line in stream:
            if not line.startswith(b"data: {"):
                continue
            found.append(json.loads(line[6:]))
            if until is not None and found[-1].get("delta", {}).get("text") == until:
                break
    return found


def ended(server: Server, identifier: str) -> dict[str, Any]:
    """Poll an interaction until it has ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        _, body = server.call("GET", f"/v1/interactions/{identifier}")
        if body["status"] not in {"queued", "in_progress"}:
            return dict(body)
        time.sleep(0.05)
    raise AssertionError(body)


def folded(told: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of the steps that events tell, and the text of the answer."""
    steps: list[list[str]] = []
    for event in told:
        if event["event_type"] == "step.start":
            del steps[event["index"] :]
            steps.append([event["step"]["type"]])
        elif event["event_type"] == "step.delta" and event["delta"]["type"] == "text":
            steps[event["index"]].append(event["delta"]["text"])
    return [
        kind if not texts else f"{kind}: {''.join(texts)}" for kind, *texts in steps
    ]


STEPS = ["function_call", "function_result", "model_output: It is counted."]


CUTS = [
    ("background", "question"),
    ("background", "tool"),
    ("background", "answer"),
    ("foreground", "answer"),
]


@pytest.mark.parametrize(("mode", "cut"), CUTS)
def test_what_has_finished_is_not_done_again(
    tmp_path: Path, cut: str, mode: str
) -> None:
    counting = Counting()
    counting.hang.add(cut)
    body = {"model": "m", "input": "count", "tools": [TOOL], "stream": True}
    if mode == "background":
        body["background"] = True
    received: list[dict[str, Any]] = []
    with answering(counting) as url:
        with serving(tmp_path, url) as server:
            request = urllib.request.Request(
                f"{server.http}/v1/interactions", json.dumps(body).encode()
            )
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as stream:
                for line in stream:
                    if line.startswith(b"data: {"):
                        received.append(json.loads(line[6:]))
                    if len(received) > 1 and counting.hangs.is_set():
                        break
                    if len(received) == 2 and cut == "question":
                        break
                counting.hangs.wait(WAIT_SECONDS)
                server.end(signal.SIGKILL)
        counting.hang.clear()
        identifier = received[0]["interaction"]["id"]
        with serving(tmp_path, url) as server:
            path = f"{server.http}/v1/interactions/{identifier}?stream=true"
            rest = events(f"{path}&last_event_id={received[-1]['event_id']}")
            stored = ended(server, identifier)
            again = events(path)
    begun = {
        kind: counting.begun.count(kind) for kind in ("question", "tool", "answer")
    }
    assert begun == {"question": 1, "tool": 1, "answer": 1} | {cut: 2}
    assert stored["status"] == "completed"
    assert folded(again) == folded([*received, *rest]) == STEPS
    names = [event["event_id"] for event in [*received, *rest]]
    assert len(set(names)) == len(names)
    assert rest[-1]["event_type"] == "interaction.completed"
