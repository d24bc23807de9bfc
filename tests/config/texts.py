"""What the tests of the configuration share: tables of a file, and how it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from openinteractions.config import Config, ConfigError, load

GEMINI = '[endpoints.g]\ndialect = "gemini"\n'
VLLM = '[endpoints.vllm]\ndialect = "chat"\nbase_url = "http://gpu1:8000/v1"\n'
EVERY_NAME = '[models."*"]\nendpoint = "vllm"\n'
SHARED = '[objects]\nurl = "s3://media"\n[store]\nurl = "postgresql://db/oi"\n'


def loaded(text: str, **environ: str) -> Config:
    path = Path("oi.toml")
    path.write_text(text, "utf-8")
    return load(path, environ=environ)


def refusal(text: str) -> str:
    """Return why a file with this text is refused."""
    with pytest.raises(ConfigError) as raised:
        loaded(text)
    return str(raised.value)
