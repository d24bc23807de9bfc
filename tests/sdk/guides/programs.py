"""Snippets made into programs of their own, and run as a reader would run them.

Only the addresses and the model name of a snippet are replaced; SDKs get the server's
address from `GOOGLE_GEMINI_BASE_URL`. Parts of shell snippets that are commented out
because they need an id from the part above are run after it, with that id; a file that
they need is uploaded before them.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.sdk.environments import environment
from tests.sdk.guides.catalogue import Snippet
from tests.sdk.guides.media import MEDIA
from tests.sdk.js.projects import node, project

_ADDRESSES = (
    "https://generativelanguage.googleapis.com",
    "http://localhost:4000",
    "http://localhost:8321",
)
_NO_SUCH_VARIABLE = "GOOGLE_GENAI_BASE_URL"
"""Named on one page, read by no SDK."""
_VARIABLE = "GOOGLE_GEMINI_BASE_URL"
_INTERACTION = ("<YOUR_INTERACTION_ID>", "{interaction_id}")
_FILE = "FILE_URI"
_BASH = ("bash", "-euo", "pipefail")
_RUN_SECONDS = 300

_UPLOAD = """
session=$(curl -sf -D - -o /dev/null -X POST "$1/upload/v1beta/files" \\
  -H "x-goog-api-key: $GEMINI_API_KEY" \\
  -H "X-Goog-Upload-Protocol: resumable" \\
  -H "X-Goog-Upload-Command: start" \\
  -H "X-Goog-Upload-Header-Content-Length: $(wc -c < upload)" \\
  -d '{"file": {"display_name": "My file"}}' \\
  | tr -d '\\r' | sed -n 's/^x-goog-upload-url: //Ip')
curl -sf "$session" -H "X-Goog-Upload-Offset: 0" \\
  -H "X-Goog-Upload-Command: upload, finalize" --data-binary @upload | jq -r .file.uri
"""
"""Prints the `uri` of the file `upload`, once it is at the server `$1`."""


def missing_tool(snippet: Snippet) -> str | None:
    """Name a program that a shell snippet calls and that is not installed."""
    if snippet.language != "sh":
        return None
    called = ("curl", "jq")
    code = snippet.file.read_text() + (_UPLOAD if snippet.needs_file else "")
    return next(
        (tool for tool in called if tool in code and shutil.which(tool) is None), None
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who runs a snippet: with an SDK, against a server, in a folder."""

    sdk: str
    url: str
    model: str
    backend: str
    """Base URL of the model server, which has the remote media too."""
    folder: Path

    def run(self, snippet: Snippet) -> str:
        """Run the snippet to its end; give what it printed."""
        for name in snippet.opens:
            (self.folder / name).write_bytes(MEDIA[name])
        code = self._adapted(snippet)
        match snippet.language:
            case "py":
                return self._python(code)
            case "mjs":
                return self._javascript(code)
            case "sh":
                return self._shell(code)
        raise ValueError(f"not a program: {snippet.file.name}")

    def _adapted(self, snippet: Snippet) -> str:
        code = snippet.before.lstrip() + snippet.file.read_text()
        for address in _ADDRESSES:
            code = code.replace(address, self.url)
        for address, name in snippet.remote.items():
            code = code.replace(address, f"{self.backend}/media/{name}")
        if self.sdk in snippet.translated.sdks:
            for expression, other in snippet.translated.names:
                code = code.replace(expression, other)
        for model in snippet.models:
            code = code.replace(model, self.model)
        code = code.replace(_NO_SUCH_VARIABLE, _VARIABLE)
        if snippet.needs_interaction:
            interaction = self._interaction()
            for placeholder in _INTERACTION:
                code = code.replace(placeholder, interaction)
        if snippet.needs_file and snippet.language == "sh":
            code = code.replace(_FILE, self._upload(MEDIA[snippet.needs_file]))
        return code

    def _interaction(self) -> str:
        """Create an interaction, so that there is one to speak of; give its id."""
        request = urllib.request.Request(
            f"{self.url}/v1beta/interactions",
            json.dumps({"model": self.model, "input": "Hi"}).encode(),
            {"Content-Type": "application/json", "x-goog-api-key": "any-key"},
        )
        with urllib.request.urlopen(request, timeout=_RUN_SECONDS) as response:
            return str(json.load(response)["id"])

    def _upload(self, data: bytes) -> str:
        """Upload a file with curl, as one does without an SDK; give its address."""
        (self.folder / "upload").write_bytes(data)
        return self._execute([*_BASH, "-c", _UPLOAD, "bash", self.url]).strip()

    def _python(self, code: str) -> str:
        # SDKs below 3 warn that the API is experimental.
        python = [str(environment(self.sdk)), "-W", "ignore"]
        return self._execute([*python, self._write("program.py", code)])

    def _javascript(self, code: str) -> str:
        modules = self.folder / "node_modules"
        modules.symlink_to(project(self.sdk) / "node_modules")
        return self._execute([node(), self._write("program.mjs", code)])

    def _shell(self, code: str) -> str:
        first, later = _parts(code)
        printed = self._execute([*_BASH, self._write("first.sh", first)])
        if not later:
            return printed
        for placeholder, value in _ids(json.loads(printed)).items():
            later = later.replace(placeholder, value)
        return printed + self._execute([*_BASH, self._write("later.sh", later)])

    def _write(self, name: str, code: str) -> str:
        file = self.folder / name
        file.write_text(code)
        return str(file)

    def _execute(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ
            | {
                _VARIABLE: self.url,
                "GEMINI_API_KEY": "any-key",
                "NO_PROXY": "127.0.0.1",
                "PYTHONUTF8": "1",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=_RUN_SECONDS,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


def _parts(code: str) -> tuple[str, str]:
    """Split off what is commented out from its first command on, uncommented."""
    lines = code.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith("# curl")]
    if not starts:
        return code, ""
    later = [re.sub(r"^# ?", "", line) for line in lines[starts[0] :]]
    return "".join(lines[: starts[0]]), "".join(later)


def _ids(interaction: Any) -> dict[str, str]:
    """Give the placeholders of a later part, and what they stand for."""
    found = {"INTERACTION_ID": str(interaction["id"])}
    last = interaction["steps"][-1]
    if last["type"] == "function_call":
        found["FUNCTION_CALL_ID"] = str(last["id"])
    return found
