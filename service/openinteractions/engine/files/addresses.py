"""The addresses of a file, which depend on who asks and are never stored."""

from __future__ import annotations

from collections.abc import Callable

from openinteractions.engine.file_ports import FileRecord
from openinteractions.v1 import file_pb2

VERSION = "v1beta"
"""The version in the path. The other face takes any."""


class Addresses:
    """Makes addresses.

    `public_url` is what the configuration says and beats everything; `listening` gives
    the URL of the other face itself, for callers who know this server under no URL.
    """

    def __init__(self, public_url: str | None, listening: Callable[[], str]) -> None:
        self._public_url = public_url
        self._listening = listening

    def show(self, record: FileRecord, origin: str) -> file_pb2.File:
        """Return a file as its owner sees it, who knows this server as `origin`."""
        base = self._public_url or origin or self._listening()
        file = file_pb2.File()
        file.CopyFrom(record.file)
        file.uri = f"{base.rstrip('/')}/{VERSION}/{file.name}"
        file.download_uri = f"{file.uri}:download?alt=media"
        return file
