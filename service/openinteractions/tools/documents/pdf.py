"""The program of the process that reads a PDF: `reader` starts it, nobody else.

It reads the document from its input and writes one JSON object: `pages`, a text for
each page, or `problem`, one of `PROBLEMS`. What it must not exceed stands in its
arguments.

It imports nothing of this package: it is run as a file, before any path is set up.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any

PROBLEMS = ("broken", "locked", "pages", "characters")
MEMORY_BYTES = 1024**3


class ProblemError(Exception):
    """The document has one of `PROBLEMS`."""


def main(arguments: list[str]) -> None:
    """Read, within limits, and answer."""
    library, pages, characters, seconds = arguments[0], *map(int, arguments[1:])
    with contextlib.suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # The libraries may print; only the answer belongs on the output.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    data = sys.stdin.buffer.read()
    try:
        found: dict[str, Any] = {"pages": read(library, data, pages, characters)}
    except ProblemError as error:
        found = {"problem": str(error)}
    json.dump(found, answer)
    answer.close()


def read(library: str, data: bytes, pages: int, characters: int) -> list[str]:
    """Return the text of each page; pypdf reads what pypdfium2 cannot.

    Raises:
        ProblemError: it is too long, or neither can read it.
    """
    if library == "pypdfium2":
        try:
            return texts(_with_pypdfium2(data), pages, characters)
        except (ImportError, OSError):
            pass  # not installed, or not for this system
        except ProblemError as error:
            if str(error) != "broken":
                raise
    try:
        return texts(_with_pypdf(data), pages, characters)
    except ImportError:
        raise ProblemError("broken") from None


def texts(found: Iterable[str], pages: int, characters: int) -> list[str]:
    """Return the texts of pages.

    Raises:
        ProblemError: there are too many.
    """
    said: list[str] = []
    left = characters
    for page in found:
        if len(said) == pages:
            raise ProblemError("pages")
        text = "\n".join(line.rstrip() for line in page.splitlines()).strip()
        # What no UTF-8 can say: halves of characters.
        said.append(text.encode("utf-8", "replace").decode("utf-8"))
        left -= len(text)
        if left < 0:
            raise ProblemError("characters")
    return said


def _with_pypdfium2(data: bytes) -> Iterator[str]:
    import pypdfium2  # noqa: PLC0415 - may be missing
    from pypdfium2 import raw  # noqa: PLC0415

    try:
        document = pypdfium2.PdfDocument(data)
        for number in range(len(document)):
            page = document[number]
            yield page.get_textpage().get_text_range()
            page.close()
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == raw.FPDF_ERR_PASSWORD
        raise ProblemError("locked" if locked else "broken") from None


def _with_pypdf(data: bytes) -> Iterator[str]:
    import pypdf  # noqa: PLC0415 - may be missing

    try:
        for page in pypdf.PdfReader(io.BytesIO(data)).pages:
            yield page.extract_text()
    except pypdf.errors.FileNotDecryptedError:
        raise ProblemError("locked") from None
    except Exception:  # noqa: BLE001 - of broken documents it raises anything
        raise ProblemError("broken") from None


if __name__ == "__main__":
    main(sys.argv[1:])
