"""Files uploaded here, put into requests to servers that cannot reach them.

Only those: what else a request names by URL is the other server's to fetch or to
refuse, as it would be without this one in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from openinteractions.core import media, origins
from openinteractions.engine.media import OwnFiles
from openinteractions.v1 import content_pb2, interaction_pb2


class Inliner:
    """Puts the bytes of our files into inputs.

    Args:
        files: the files uploaded here; None: there are none.
        limit: the most bytes that one request may get.
    """

    def __init__(self, files: OwnFiles | None, *, limit: int) -> None:
        self._files = files
        self._limit = limit

    async def inline(self, value: interaction_pb2.Input, owner: str) -> None:
        """Replace the addresses of our files by their bytes, in place.

        Raises:
            RequestError: one was deleted, has expired or is too large.
        """
        if self._files is None or value.HasField("text"):
            return
        left = self._limit
        for path, content in _contents(value):
            medium = media.of(content)
            if medium is None or not self._files.own_id(medium.uri):
                continue
            file, data = await self._files.load(
                medium.uri, owner, field=f"{path}.uri", limit=left
            )
            left -= len(data)
            medium.data = data
            medium.mime_type = medium.mime_type or file.mime_type
            medium.ClearField("uri")


def _contents(
    value: interaction_pb2.Input,
) -> Iterator[tuple[str, content_pb2.Content]]:
    """Yield the contents of an input, to be changed, with their JSON paths."""
    form = value.WhichOneof("value")
    if form == "content":
        yield "input", value.content
    elif form == "contents":
        for index, content in enumerate(value.contents.items):
            yield f"input[{index}]", content
    elif form == "steps":
        for index, step in enumerate(value.steps.items):
            origin = origins.of_input(value, index, step, None)
            for place, content in enumerate(origins.contents(step)):
                yield origin.member(place), content
