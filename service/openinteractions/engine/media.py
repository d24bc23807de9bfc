"""Gets the media of a conversation ready for one model, before anything is sent.

Every medium ends as bytes with a type, as a URL for the model's server to fetch, or,
documents only, as text: whatever the model takes. Files and URLs are reached through
ports. What is stored stays as it was sent: steps are copied where they change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from openinteractions.core import media, mime, origins
from openinteractions.core.errors import RequestError
from openinteractions.core.origins import Origin
from openinteractions.engine.media_ports import DocumentReader, Egress
from openinteractions.engine.medium import Medium, name_of_url
from openinteractions.engine.ports import Accepts
from openinteractions.v1 import content_pb2, file_pb2, step_pb2

MAX_BYTES = 100 * 1024 * 1024
"""How many bytes of media a model is sent in one request, unless told otherwise."""

_AT_ONCE = 4
"""How many media of a conversation are read or fetched at the same time."""


class OwnFiles(Protocol):
    """The files that clients have uploaded here."""

    def own_id(self, uri: str) -> str | None:
        """Return the id in the address of one of our files; None: it is not ours."""

    async def load(
        self, file: str, owner: str, *, field: str, limit: int | None = None
    ) -> tuple[file_pb2.File, bytes]:
        """Return the file at an address of ours, and its bytes.

        Raises:
            RequestError: it was deleted, has expired, is not ready or has more than
                `limit` bytes; `field` is the member that names it.
        """


class _Loaded(NamedTuple):
    """The bytes of a medium, and what is said of them."""

    data: bytes
    declared: str
    name: str


class _Found(NamedTuple):
    """A medium, and where it stands."""

    step: int
    """Of the conversation."""
    place: int
    """Among the contents of the step."""
    medium: Medium
    origin: Origin


@dataclass(slots=True)
class _Budget:
    """The bytes that may still be loaded."""

    left: int
    whole: int

    def take(self, size: int, path: str) -> None:
        self.left -= size
        if self.left < 0:
            raise RequestError(
                f"{path}: the media of the conversation have more than {self.whole} "
                "bytes together, which is the most that a model is sent.",
                field=path,
            )


class Media:
    """Gets media ready.

    Args:
        egress: the door to what clients name by URL.
        reader: makes text of documents.
        files: the files uploaded here; None: there are none.
        max_bytes: how many bytes of media one model is sent at once.
    """

    def __init__(
        self,
        *,
        egress: Egress,
        reader: DocumentReader,
        files: OwnFiles | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._egress = egress
        self._reader = reader
        self._files = files
        self._max_bytes = max_bytes

    async def prepare(
        self,
        steps: Sequence[step_pb2.Step],
        came_from: Mapping[int, Origin],
        accepts: Accepts,
        owner: str,
        *,
        model: str,
        ignored: list[str] | None = None,
    ) -> Sequence[step_pb2.Step]:
        """Return the conversation with its media as the model takes them.

        Args:
            steps: the conversation.
            came_from: where its media came from (`Conversation.origins`).
            accepts: what the model takes.
            owner: whose files may be read.
            model: what the client calls the model; errors name it.
            ignored: gets the hints of the request at hand that the model ignores.

        Raises:
            RequestError: a medium cannot be had, or the model does not take it. For
                one of an earlier turn the field is `previous_interaction_id`.
            UnavailableError: too much is being fetched or read for others.
        """
        found = [
            _Found(at, index, medium, came_from[id(step)])
            for at, step in enumerate(steps)
            if id(step) in came_from
            for index, medium in _media(step, came_from[id(step)], accepts, model)
        ]
        for each in found:
            with _OfTurn(each.origin):
                each.medium.check()
            if ignored is not None and each.origin.turn is None:
                ignored.extend(each.medium.ignored())
        changed = list(steps)
        for each, content in zip(found, await self._all(found, owner), strict=True):
            if content is None:
                continue
            if changed[each.step] is steps[each.step]:
                changed[each.step] = step_pb2.Step()
                changed[each.step].CopyFrom(steps[each.step])
            origins.contents(changed[each.step])[each.place].CopyFrom(content)
        return changed

    async def _all(
        self, found: Sequence[_Found], owner: str
    ) -> Sequence[content_pb2.Content | None]:
        """Return media as `_ready` does, in their order."""
        budget = _Budget(self._max_bytes, self._max_bytes)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def ready(each: _Found) -> content_pb2.Content | None:
            async with gate:
                with _OfTurn(each.origin):
                    return await self._ready(each.medium, owner, budget)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ready(each)) for each in found]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _ready(
        self, medium: Medium, owner: str, budget: _Budget
    ) -> content_pb2.Content | None:
        """Return a medium as the model takes it; None: as it stands."""
        uri = medium.content.uri
        if uri:
            _check_scheme(medium)
            if medium.passes_on() and not self._is_own(uri):
                self._egress.check(uri, field=f"{medium.path}.uri")
                return _content(medium, mime_type=medium.type_by_word() or "")
        loaded = await self._load(medium, owner, budget)
        budget.take(len(loaded.data), medium.path)
        mime_type = medium.settle(loaded.data, loaded.declared)
        if medium.kind == "document" and not medium.takes_document(mime_type):
            return await self._told(medium, loaded, mime_type, owner)
        mime_type, data = medium.playable(mime_type, loaded.data)
        if data is loaded.data and not uri and mime_type == loaded.declared:
            return None  # megabytes are not copied for nothing
        return _content(medium, mime_type=mime_type, data=data)

    def _is_own(self, uri: str) -> bool:
        return self._files is not None and self._files.own_id(uri) is not None

    async def _load(self, medium: Medium, owner: str, budget: _Budget) -> _Loaded:
        content, field = medium.content, f"{medium.path}.uri"
        if not content.uri:
            return _Loaded(content.data, content.mime_type, "")
        if self._files is not None and self._is_own(content.uri):
            file, data = await self._files.load(
                content.uri, owner, field=field, limit=budget.left
            )
            said = content.mime_type or file.mime_type
            return _Loaded(data, said, file.display_name)
        found = await self._egress.fetch(
            content.uri, field=field, limit=budget.left, owner=owner
        )
        said = content.mime_type or found.mime_type
        return _Loaded(found.data, said, name_of_url(content.uri))

    async def _told(
        self, medium: Medium, loaded: _Loaded, mime_type: str, owner: str
    ) -> content_pb2.Content:
        """Return a document in words."""
        if not self._reader.reads(mime_type):
            raise medium.untold(mime_type)
        # The declared type may have a charset.
        declared = loaded.declared
        whole = declared if mime.essence(declared) == mime_type else mime_type
        field = medium.path
        text = await self._reader.read(loaded.data, whole, field=field, owner=owner)
        name = f" {json.dumps(loaded.name, ensure_ascii=False)}" if loaded.name else ""
        said = content_pb2.Content()
        said.text.text = (
            f"[document{name}, {mime_type}]\n{text.strip()}\n[end of the document]"
        )
        return said


class _OfTurn:
    """Says of errors within which earlier turn they are about."""

    def __init__(self, origin: Origin) -> None:
        self._turn = origin.turn

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._turn is not None and isinstance(error, RequestError):
            path = "previous_interaction_id"
            raise type(error)(
                f"{path}: in the earlier interaction {self._turn}, {error.message}",
                field=path,
            ) from None


def _media(
    step: step_pb2.Step, origin: Origin, accepts: Accepts, model: str
) -> Iterator[tuple[int, Medium]]:
    """Yield the media of a step, each with its place among the contents."""
    for index, content in enumerate(origins.contents(step)):
        found = media.of(content)
        if found is not None:
            kind = content.WhichOneof("kind") or ""
            yield index, Medium(kind, found, origin.member(index), accepts, model)


def _content(
    medium: Medium, *, mime_type: str, data: bytes | None = None
) -> content_pb2.Content:
    """Return the content with what is known of it now; data takes the URL's place."""
    content = content_pb2.Content()
    inner = getattr(content, medium.kind)
    inner.CopyFrom(medium.content)
    if mime_type:
        inner.mime_type = mime_type
    if data is not None:
        inner.data = data
        inner.ClearField("uri")
    return content


def _check_scheme(medium: Medium) -> None:
    uri, field = medium.content.uri, f"{medium.path}.uri"
    scheme = uri.partition(":")[0].lower()
    if scheme in ("http", "https"):
        return
    if scheme == "data":
        reason = "a data: URI is not taken; give its bytes as data"
    elif uri.startswith("files/"):
        reason = "the name of a file is not taken; give the file's uri"
    else:
        # Not repeated here: messages are logged, and there may be a key in it.
        reason = "it is no http or https URL"
    raise RequestError(f"{field}: {reason}.", field=field)
