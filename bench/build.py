"""Compiles the programs in `native/`, with `cc` or else the compiler in `ziglang`.

A program is kept under the hash of its sources and of the compiler, so that a change
of either makes it anew and nothing else does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from bench.places import CACHE, NATIVE

FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra"]
PROGRAMS = ("backend", "load", "grpc")


def build(name: str) -> Path:
    """Return the program `name`, compiled from `native/name.c`.

    Raises:
        SystemExit: there is no compiler, or it has failed.
    """
    if not sys.platform.startswith("linux"):
        sys.exit("bench: the load programs need Linux (epoll)")
    compiler = _compiler()
    sources = [NATIVE / f"{name}.c", *sorted(NATIVE.glob("*.h"))]
    digest = hashlib.sha256(" ".join([*compiler, *FLAGS]).encode())
    for source in sources:
        digest.update(source.read_bytes())
    program = CACHE / "native" / f"{name}-{digest.hexdigest()[:16]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = program.with_suffix(f".{os.getpid()}")  # nobody else's
        command = [*compiler, *FLAGS, "-o", str(fresh), str(sources[0])]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"bench: {name}.c does not compile")
        fresh.rename(program)
    return program


def _compiler() -> list[str]:
    found = shutil.which("cc")
    if found:
        return [found]
    python = CACHE / "zig" / "bin" / "python"
    if not python.exists():
        print("bench: no cc, installing the ziglang wheel", flush=True)
        venv.create(CACHE / "zig", clear=True, symlinks=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "ziglang"]
        if subprocess.run(install, check=False).returncode:
            shutil.rmtree(CACHE / "zig")
            sys.exit("bench: neither cc nor the ziglang wheel is to be had")
    return [str(python), "-m", "ziglang", "cc"]
