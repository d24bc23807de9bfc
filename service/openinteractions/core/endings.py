"""What the ending of a name says of a type, the same on every machine.

Python's own table, without what the system's files would add to it, and what is common
in media and missing there.
"""

from __future__ import annotations

import mimetypes

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

_FURTHER = {
    ".aac": "audio/aac",
    ".avif": "image/avif",
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".odp": f"{_OPEN}presentation",
    ".ods": f"{_OPEN}spreadsheet",
    ".odt": f"{_OPEN}text",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".pptx": f"{_OFFICE}presentationml.presentation",
    ".rtf": "application/rtf",
    ".webp": "image/webp",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}

_TABLE = mimetypes.MimeTypes(filenames=())
for _ending, _type in _FURTHER.items():
    _TABLE.add_type(_type, _ending)


def type_of(name: str) -> str | None:
    """Return the type that the ending of a name, or of a URL's path, tells."""
    return _TABLE.guess_type(name, strict=False)[0]
