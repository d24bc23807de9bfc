"""The upload of files over HTTP: the resumable protocol (contract §1.7).

An upload begins with a description, and gets a URL whose secret id is all that its
later requests need: no key, and nothing in them but their commands and bytes. Google's
two forms for small files, in one request, are served too.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy

from openinteractions.gateway.binding import refused
from openinteractions.gateway.body import pieces, read_body
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.errors import DecodeError, Reason, RefusedError, clip
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.origins import ORIGIN
from openinteractions.gateway.parse import parse
from openinteractions.gateway.query import parse_query
from openinteractions.gateway.quotes import double_quoted
from openinteractions.gateway.upload_answers import RECEIVED, STATUS, UploadAnswers
from openinteractions.gateway.upload_calls import UploadCalls, nothing, without
from openinteractions.gateway.upload_whole import WholeUploads
from openinteractions.gateway.upstream import Upstream
from openinteractions.gateway.words import words
from openinteractions.v1 import file_service_pb2 as rpcs

COMMAND = "X-Goog-Upload-Command"
OFFSET = "X-Goog-Upload-Offset"
PROTOCOL = "X-Goog-Upload-Protocol"
LENGTH = "X-Goog-Upload-Header-Content-Length"
TYPE = "X-Goog-Upload-Header-Content-Type"

LARGEST_DESCRIPTION = 1024 * 1024
"""Bytes of the largest description of a file."""

_ID = "upload_id"
_METHODS = ("POST", "PUT")
_COMMANDS = ("upload", "upload, finalize", "finalize", "query", "cancel")
_LONGEST_NUMBER = 18


class Uploads:
    """Answers requests for `/upload/{version}/files`.

    Args:
        upstream: the service.
        rebased: whether clients see the server under another path than it does.
    """

    def __init__(self, upstream: Upstream, *, rebased: bool) -> None:
        self._rebased = rebased
        self._calls = UploadCalls(upstream)
        self._answers = UploadAnswers(self._calls)
        self._codec = Codec(decoded=[rpcs.StartUploadRequest])
        self._whole = WholeUploads(self._calls, self._answers, self._describe)

    async def answer(self, exchange: Exchange, query: str) -> web.StreamResponse:
        """Follow the command of a request.

        Raises:
            StatusError: the service has refused it.
            RefusedError: it is no request of the protocol, or the client has left.
        """
        request = exchange.request
        if request.method not in _METHODS:
            raise RefusedError(
                Reason.ERROR_REASON_METHOD_NOT_ALLOWED,
                f"This path has no method {clip(request.method)}.",
                headers={"Allow": ", ".join(_METHODS)},
            )
        parameters = parse_query(query)
        upload = parameters.get(_ID)
        if upload:
            return await self._continue(exchange, upload)
        self._calls.admit(exchange)
        form = _form(request.headers, parameters)
        if form == "resumable":
            return await self._start(exchange)
        return await self._whole.answer(exchange, multipart=form == "multipart")

    async def _start(self, exchange: Exchange) -> web.Response:
        headers = exchange.request.headers
        if _commands(headers) != ["start"]:
            raise refused(f"{COMMAND} should be 'start', where no upload is named.")
        size = _number(headers, LENGTH)
        body = await read_body(exchange.request, LARGEST_DESCRIPTION)
        started = self._describe(body)
        if size is not None:
            started.size_bytes = size
        if mime_type := words(headers, TYPE):
            started.mime_type = mime_type
        session = await self._calls.start(exchange, started)
        url = self._url(exchange, session.upload_id)
        response = exchange.json(b"{}")
        response.headers.update(
            {
                "X-Goog-Upload-URL": url,
                "X-Goog-Upload-Control-URL": url,
                "X-Goog-Upload-Chunk-Granularity": str(session.chunk_granularity),
                STATUS: "active",
                RECEIVED: "0",
            }
        )
        return response

    def _url(self, exchange: Exchange, upload: str) -> str:
        path = exchange.path
        if self._rebased:
            # What is before it, others may have changed on the way here.
            path = path[path.rindex("/upload/") :]
        identifier = urllib.parse.quote(upload, safe="")
        query = f"{_ID}={identifier}&upload_protocol=resumable"
        return f"{exchange.metadata.get(ORIGIN, '')}{path}?{query}"

    def _describe(self, body: bytes) -> rpcs.StartUploadRequest:
        try:
            value = _read(body) if body.strip() else {}
            return self._codec.decode(rpcs.StartUploadRequest, value)
        except DecodeError as error:
            raise refused(error.message()) from None

    async def _continue(self, exchange: Exchange, upload: str) -> web.Response:
        try:
            status = await self._obey(exchange, upload)
        except ConnectionError:
            reason = Reason.ERROR_REASON_CANCELLED
            raise RefusedError(reason, "The client has left.") from None
        except Exception as error:  # noqa: BLE001 - whatever fails is an answer too
            return await self._answers.failed(exchange, upload, error)
        return self._answers.status(exchange, status)

    async def _obey(self, exchange: Exchange, upload: str) -> rpcs.UploadStatus:
        commands = _commands(exchange.request.headers)
        if commands == ["query"]:
            return await self._calls.query(exchange, upload)
        if commands == ["cancel"]:
            return await self._calls.cancel(exchange, upload)
        if commands not in (["upload"], ["finalize"], ["finalize", "upload"]):
            known = ", ".join(f"'{word}'" for word in _COMMANDS)
            raise refused(f"{COMMAND} should be one of {known}.")
        return await self._write(exchange, upload, commands)

    async def _write(
        self, exchange: Exchange, upload: str, commands: list[str]
    ) -> rpcs.UploadStatus:
        first = rpcs.WriteUploadRequest(upload_id=upload)
        offset = _number(exchange.request.headers, OFFSET)
        body = nothing()
        if "upload" in commands:
            if offset is None:
                raise refused(f"{OFFSET} is missing.")
            body = pieces(exchange.request)
            status = await self._calls.query(exchange, upload)
            known = status.received_bytes - offset
            if status.state == rpcs.UPLOAD_STATE_ACTIVE and known > 0:
                # A client that got no answer sends again what has arrived.
                body, offset = without(body, known), status.received_bytes
        if offset is not None:
            first.offset = offset
        return await self._calls.write(
            exchange, first, body, finish="finalize" in commands
        )


def _read(body: bytes) -> dict[str, Any]:
    try:
        return parse(body)
    except RefusedError:
        again = double_quoted(body)
        if again == body:
            raise
    return parse(again)


def _form(headers: CIMultiDictProxy[str], parameters: Mapping[str, str]) -> str:
    named = headers.get(PROTOCOL) or parameters.get("uploadType", "")
    if COMMAND in headers or named.lower() == "resumable":
        return "resumable"
    if named.lower() == "multipart":
        return "multipart"
    if named.lower() in {"", "raw", "media"}:
        return "raw"
    raise refused(f"{PROTOCOL} should be 'resumable', 'multipart' or 'raw'.")


def _commands(headers: CIMultiDictProxy[str]) -> list[str]:
    words = {word.strip().lower() for word in headers.get(COMMAND, "").split(",")}
    return sorted(words - {""})


def _number(headers: CIMultiDictProxy[str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise refused(f"{name} should be a whole number.")
    return int(text)
