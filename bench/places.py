"""Where things are: the checkout, its cache, the results."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
PEERS = CACHE / "peers"
NATIVE = ROOT / "bench" / "native"
RESULTS = ROOT / "docs" / "bench"
SOURCES = [ROOT / "service", ROOT / "gateway", ROOT / "gen"]
