"""The adapter of the port `DocumentReader`: text formats, and PDFs page by page.

PDFs are read in a process of their own, started for one document: the library is
native code, what it reads is written by strangers, and only a process can be ended
when that takes too long. It also keeps the memory of this process as it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openinteractions.core import mime, text_formats
from openinteractions.core.errors import RequestError
from openinteractions.tools.documents.recent import Recent
from openinteractions.tools.gate import Gate

log = logging.getLogger(__name__)

PDF = "application/pdf"

_PROGRAM = Path(__file__).with_name("pdf.py")
_AT_ONCE = 2
"""How many documents are read at the same time; each takes a core."""
_WAITING = 16
"""How many documents of one owner may wait, and `_WAIT_SECONDS` how long."""
_WAIT_SECONDS = 90.0
_KEPT_CHARACTERS = 8_000_000
"""How much text of documents is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may have and take."""

    pages: int = 1000
    characters: int = 4_000_000
    seconds: int = 60


class Documents:
    """Reads documents (see `engine.media_ports.DocumentReader`)."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._gate = Gate(
            _AT_ONCE, waiting=_WAITING, seconds=_WAIT_SECONDS, busy="other documents"
        )
        self._recent = Recent(_KEPT_CHARACTERS)

    def reads(self, mime_type: str) -> bool:
        """Say whether documents of a type can be turned into text."""
        return mime_type == PDF or text_formats.is_text(mime_type)

    async def read(
        self, data: bytes, mime_type: str, *, field: str, owner: str = ""
    ) -> str:
        """Return the text of a document (see the port)."""
        if mime.essence(mime_type) == PDF:
            text = self._recent.get(data)
            if text is None:
                text = await self._pages(data, field, owner)
                self._recent.keep(data, text)
            return text
        try:
            text = text_formats.decode(data, mime_type)
        except ValueError as error:
            raise RequestError(f"{field}: {error}.", field=field) from None
        if len(text) > self._limits.characters:
            raise self._too_much("characters", field)
        return text

    async def _pages(self, data: bytes, field: str, owner: str) -> str:
        async with self._gate.place(owner):
            found = await self._ask("pypdfium2", data, field)
            # The library has broken down over it, and took the process along.
            found = found or await self._ask("pypdf", data, field)
        match found:
            case {"pages": list() as pages}:
                if not any(pages):
                    raise RequestError(
                        f"{field}: the PDF has no text that can be read; pictures of "
                        "text are for models that take images.",
                        field=field,
                    )
                numbered = enumerate(pages, 1)
                return "\n\n".join(
                    f"[page {number}]\n{text}" for number, text in numbered
                )
            case {"problem": "locked"}:
                raise RequestError(
                    f"{field}: the PDF is encrypted; it needs a password.", field=field
                )
            case {"problem": ("pages" | "characters") as what}:
                raise self._too_much(what, field)
        raise RequestError(f"{field}: is not a PDF that can be read.", field=field)

    async def _ask(self, library: str, data: bytes, field: str) -> Any:
        """Return what the process says; None when it ended without a word."""
        limits = self._limits
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_PROGRAM),
            library,
            *map(str, (limits.pages, limits.characters, limits.seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(limits.seconds):
                said, _ = await process.communicate(data)
        except TimeoutError:
            raise RequestError(
                f"{field}: the PDF could not be read within {limits.seconds} s.",
                field=field,
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        if process.returncode != 0:
            log.warning(
                "%s has broken down over a PDF of %d bytes (exit status %d).",
                library,
                len(data),
                process.returncode,
            )
            return None
        return json.loads(said)

    def _too_much(self, what: str, field: str) -> RequestError:
        most = getattr(self._limits, what)
        return RequestError(
            f"{field}: the document has more than {most} {what}.", field=field
        )
