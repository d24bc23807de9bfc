"""Snippets made into programs of their own, and run as a reader would run them.

Only the address and the model name of a snippet are replaced; SDKs get the address
from `GOOGLE_GEMINI_BASE_URL`. Parts of shell snippets that are commented out because
they need an id from the part above are run after it, with that id.
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
_BASH = ("bash", "-euo", "pipefail")
_RUN_SECONDS = 60


def missing_tool(snippet: Snippet) -> str | None:
    """Name a program that a shell snippet calls and that is not installed."""
    if snippet.language != "sh":
        return None
    called = ("curl", "jq")
    code = snippet.file.read_text()
    return next(
        (tool for tool in called if tool in code and shutil.which(tool) is None), None
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who runs a snippet: with an SDK, against a server, in a folder."""

    sdk: str
    url: str
    model: str
    folder: Path

    def run(self, snippet: Snippet) -> str:
        """Run the snippet to its end; give what it printed."""
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
        for model in snippet.models:
            code = code.replace(model, self.model)
        code = code.replace(_NO_SUCH_VARIABLE, _VARIABLE)
        if snippet.needs_interaction:
            interaction = self._interaction()
            for placeholder in _INTERACTION:
                code = code.replace(placeholder, interaction)
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
