"""What is measured of a process is that of its whole tree, and all of it is ended."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.process import StartError, free_port, running, start

SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("child", "w").write(str(child.pid))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_the_children_belong_to_a_process_and_end_with_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    process = start(command, port=port, path="/", folder=tmp_path)

    with running(process):
        child = int((tmp_path / "child").read_text())
        assert process.tree() == [process.popen.pid, child]
        assert set(process.cpu_seconds()) == {process.pid, child}
        assert sum(process.cpu_seconds().values()) > 0
        assert process.memory_bytes() > 1_000_000

    assert process.popen.returncode is not None
    # Nobody may have asked for its status yet: it is gone, or a zombie.
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or ") Z " in state.read_text()


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no configuration')"]

    with pytest.raises(StartError, match="no configuration"):
        start(command, port=free_port(), path="/", folder=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]
