"""The texts of documents that were read lately.

A conversation shows its documents again with every turn, and reading one takes a
process.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict


class Recent:
    """Keeps texts, those that were used last.

    Args:
        characters: how many they have together at most.
    """

    def __init__(self, characters: int) -> None:
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._left = characters

    def get(self, data: bytes) -> str | None:
        """Return the text of a document, if it is kept."""
        key = _key(data)
        text = self._texts.get(key)
        if text is not None:
            self._texts.move_to_end(key)
        return text

    def keep(self, data: bytes, text: str) -> None:
        """Keep the text of a document, in place of the oldest ones."""
        self._left += len(self._texts.pop(key := _key(data), ""))
        self._texts[key] = text
        self._left -= len(text)
        while self._left < 0:
            _, oldest = self._texts.popitem(last=False)
            self._left += len(oldest)


def _key(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
