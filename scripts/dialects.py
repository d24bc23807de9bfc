"""Writes `docs/dialects.md`: what each dialect can do (`--check`: compares).

The models themselves are asked, as the engine asks them: a model of every dialect of
the configuration, without a profile of its own. A new dialect is a new column.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from google.protobuf import text_format

from openinteractions.config import settings
from openinteractions.core import media
from openinteractions.core.errors import NotSupportedError
from openinteractions.engine.ports import Accepts, Model
from openinteractions.models.embedded.model import EmbeddedHost
from openinteractions.models.registry import RELAYED, Registry
from openinteractions.v1 import interaction_service_pb2

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "dialects.md"

Request = interaction_service_pb2.CreateInteractionRequest

PASSED_ON = "as its server"
"""What is said of a server that speaks this API itself: requests pass as they are."""

FUNCTION = 'tools { function { name: "f" parameters: "{}" } }'
MEMBERS = {
    "functions": FUNCTION,
    "calls forced or forbidden": (
        FUNCTION + 'generation_config { tool_choice { mode: "any" } }'
    ),
    "output that follows a JSON Schema": (
        'response_format { single { bare_schema: "{\\"type\\": \\"object\\"}" } }'
    ),
    "`temperature`, `top_p`": "generation_config { temperature: 1 top_p: 1 }",
    "`top_k`": "generation_config { top_k: 1 }",
    "`presence_penalty`, `frequency_penalty`": (
        "generation_config { presence_penalty: 1 frequency_penalty: 1 }"
    ),
    "`seed`": "generation_config { seed: 1 }",
    "`stop_sequences`": 'generation_config { stop_sequences: "x" }',
    "`thinking_level`": 'generation_config { thinking_level: "low" }',
    "`thinking_summaries`": 'generation_config { thinking_summaries: "auto" }',
    "`service_tier`": 'service_tier: "flex"',
    "`labels`": 'labels { key: "a" value: "b" }',
    "`safety_settings` that filter more": (
        'safety_settings { type: "jailbreak" threshold: "block_only_high" }'
    ),
    "`cached_content`": 'cached_content: "c"',
    "images as output": 'response_modalities: "image"',
    "audio as output": 'response_modalities: "audio"',
}
"""What a request may ask for, as the text of a request that does."""

TEXT = """\
# What each dialect can do

Made by `make generate`, which asks a model of each dialect.

A dialect is how the server speaks with a model server. What it has no words for cannot
be had through it, whatever the model: `ignored` members are named in the header
`x-openinteractions-ignored`, `no` is a 400 that names member and model. A server of the
dialect `gemini` speaks this API itself: it gets requests as they are and decides. Other
models are taken to do all that their dialect can say, until `[models.NAME.profile]`
denies it.

| | {heads} |
|---|{lines}|
{members}

Media as input. Of media that are not passed on by their URL, the model's server gets
the bytes: inline, from files, or fetched here. `text` is that of PDFs, page by page,
and of text formats such as CSV, Markdown or HTML.

| | {heads} |
|---|{lines}|
{media}
"""


def document() -> str:
    """Return the text of the document."""
    return asyncio.run(_document())


async def _document() -> str:
    dialects = _dialects()
    registry = Registry(
        {name: _endpoint(name) for name in dialects},
        {name: settings.Model(endpoint=name) for name in dialects},
        api_key=lambda _: None,
        embedded=EmbeddedHost,
    )
    members: list[tuple[str, Sequence[str]]] = [
        (name, [_answer(registry, dialect, text) for dialect in dialects])
        for name, text in MEMBERS.items()
    ]
    accepts = [_accepts(registry, name) for name in dialects]
    kinds = sorted(media.KINDS, key=("image", "audio", "video", "document").index)
    found = [(kind, [_taken(kind, each) for each in accepts]) for kind in kinds]
    await registry.close()
    return TEXT.format(
        heads=" | ".join(f"`{name}`" for name in dialects),
        lines="|".join("---" for _ in dialects),
        members=_rows(members),
        media=_rows(found),
    )


def _dialects() -> Sequence[str]:
    fields = {field.name: field for field in msgspec.structs.fields(settings.Endpoint)}
    return typing.get_args(fields["dialect"].type)


def _endpoint(dialect: str) -> settings.Endpoint:
    given = {"dialect": dialect, "base_url": "http://127.0.0.1/v1"}
    return msgspec.convert(given, settings.Endpoint)


def _answer(registry: Registry, dialect: str, text: str) -> str:
    """Return what becomes of a request."""
    if dialect == RELAYED:
        return PASSED_ON
    request = text_format.Parse(f'model: "{dialect}" input {{ text: "" }}', Request())
    text_format.Merge(text, request)
    try:
        model: Model = registry.resolve(request)
        ignored = model.check(request)
    except NotSupportedError:
        return "no"
    return "ignored" if ignored else "yes"


def _accepts(registry: Registry, dialect: str) -> Accepts | None:
    if dialect == RELAYED:
        return None
    return registry.resolve(Request(model=dialect)).accepts


def _taken(kind: str, accepts: Accepts | None) -> str:
    """Return how a model takes a kind of media."""
    if accepts is None:
        return PASSED_ON
    if kind not in accepts.kinds:
        return "text" if kind == "document" else "no"
    forms = "bytes, URL" if kind in accepts.remote else "bytes"
    if kind == "audio" and accepts.audio is not None:
        names = (name.partition("/")[2] for name in sorted(accepts.audio))
        return f"{forms}: {', '.join(names)}"
    if kind == "document" and not accepts.text_formats:
        return f"{forms}; text formats as text"
    return forms


def _rows(rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    return "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)


def main() -> int:
    """Run the command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Write docs/dialects.md.")
    parser.add_argument("--check", action="store_true", help="change nothing")
    if not parser.parse_args().check:
        DOCUMENT.write_text(document(), "utf-8")
        return 0
    if DOCUMENT.read_text("utf-8") == document():
        return 0
    print("docs/dialects.md is stale: run `make generate`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
