"""Installs the peers, each into an environment of its own; `python -m bench.peers`.

What cannot be installed here is told in one line and left out. Nothing of the
project's own environment changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from bench.places import CACHE, PEERS


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is had."""

    name: str
    """The folder of its environment."""
    distribution: str
    requirements: tuple[str, ...]
    python: str
    """The Python that it is installed for."""
    program: str
    relaxed: tuple[str, ...] = ()
    """Dependencies whose pins are not followed."""

    @property
    def home(self) -> Path:
        """The environment."""
        return PEERS / self.name

    def version(self) -> str | None:
        """The installed version; None when it is not installed."""
        if not (self.home / "bin" / self.program).exists():
            return None
        stem = self.distribution.replace("-", "_")
        found = sorted(self.home.glob(f"lib/*/site-packages/{stem}-*.dist-info"))
        if not found:
            return None
        return found[0].name.removeprefix(f"{stem}-").removesuffix(".dist-info")


LITELLM = Peer(
    "litellm",
    "litellm",
    ("litellm[proxy]==1.109.1",),
    "3.11",
    "litellm",
    # Pinned so tightly that no index has all of them at once.
    relaxed=("certifi", "litellm-proxy-extras", "litellm-enterprise"),
)
ROSETTA = Peer(
    "llm-rosetta",
    "llm-rosetta",
    ("llm-rosetta[gateway]==0.13.0",),
    "3.11",
    "llm-rosetta-gateway",
)
OGX = Peer("ogx", "ogx", ("ogx==1.5.0",), "3.12", "ogx")
ALL = (LITELLM, OGX, ROSETTA)


def install(peer: Peer) -> bool:
    """Install a peer; False, and a line about it, when that fails."""
    if peer.version():
        print(f"bench-peers: {peer.name} {peer.version()} is there")
        return True
    uv = _uv()
    python = _python(peer.python)
    shutil.rmtree(peer.home, ignore_errors=True)
    peer.home.parent.mkdir(parents=True, exist_ok=True)
    overrides = CACHE / f"{peer.name}.overrides"
    overrides.write_text("".join(f"{name}\n" for name in peer.relaxed), "utf-8")
    pip = [uv, "pip", "install", "--quiet", "--override", str(overrides)]
    steps = [
        [uv, "venv", "--quiet", "--python", python, str(peer.home)],
        [*pip, "--python", str(peer.home / "bin/python"), *peer.requirements],
    ]
    environment = os.environ | {"UV_CACHE_DIR": str(CACHE / "uv-cache")}
    for step in steps:
        if subprocess.run(step, check=False, env=environment).returncode:
            shutil.rmtree(peer.home, ignore_errors=True)
            print(f"bench-peers: {peer.name} cannot be installed here, left out")
            return False
    print(f"bench-peers: {peer.name} {peer.version()} installed")
    return True


def _uv() -> str:
    found = shutil.which("uv")
    if found:
        return found
    home = CACHE / "uv"
    program = home / "bin" / "uv"
    if not program.exists():
        venv.create(home, clear=True, symlinks=True, with_pip=True)
        pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "uv"]
        if subprocess.run(pip, check=False).returncode:
            shutil.rmtree(home)
            sys.exit("bench-peers: uv cannot be installed")
    return str(program)


def _python(version: str) -> str:
    """A Python of this version that starts; else the version, for uv to look for."""
    candidates = [shutil.which(f"python{version}")]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(path) for path in versions.glob(f"{version}*/bin/python")]
    for candidate in filter(None, candidates):
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        said = subprocess.run(
            [candidate, "-c", code], check=False, capture_output=True, text=True
        )
        if said.stdout.strip() == version:
            return candidate
    return version


def main() -> int:
    """Install all peers; what cannot be installed is no failure."""
    for peer in ALL:
        install(peer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
