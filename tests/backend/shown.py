"""What a model was shown: the pieces of messages, media by the digest of their bytes.

Reads what chat completions have for media, as strictly as servers do: base64 is
decoded, data URLs have a type.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from tests.backend.reply import Json


def shown(request: Json) -> list[Json]:
    """Give every text and medium of a request, in order, each with its role."""
    return [
        {"role": message["role"], **piece}
        for message in request["messages"]
        for piece in _pieces(message.get("content"))
    ]


def _pieces(content: str | list[Json] | None) -> Iterator[Json]:
    if isinstance(content, str):
        yield {"type": "text", "text": content}
        return
    for part in content or []:
        match part:
            case {"type": "text", "text": text}:
                yield {"type": "text", "text": text}
            case {"type": "image_url", "image_url": {"url": url}}:
                yield {"type": "image", **_from_url(url)}
            case {"type": "video_url", "video_url": {"url": url}}:
                yield {"type": "video", **_from_url(url)}
            case {"type": "input_audio", "input_audio": {"data": data, "format": name}}:
                yield {"type": "audio", "format": name, **_digest(data)}
            case {"type": "file", "file": {"filename": name, "file_data": url}}:
                yield {"type": "document", "filename": name, **_from_url(url)}
            case {"type": "file", "file": {"file_url": url}}:
                yield {"type": "document", "url": url}
            case _:
                raise ValueError(f"a part of no known form: {part}")


def _from_url(url: str) -> Json:
    found = re.fullmatch(r"data:([\w.+/-]+);base64,(.*)", url)
    if found is None:
        return {"url": url}
    return {"mime_type": found[1], **_digest(found[2])}


def _digest(text: str) -> Json:
    data = base64.b64decode(text, validate=True)
    return {"sha256": hashlib.sha256(data).hexdigest()}
