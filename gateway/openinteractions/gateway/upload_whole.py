"""Uploads in one request: a file by itself, or behind its description.

By themselves (`raw`) bytes have their media type in `Content-Type`. With a description
(`multipart`) the body is `multipart/related`: JSON first, then the bytes. What breaks
off is given up.
"""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator, Callable

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from openinteractions.gateway.binding import refused
from openinteractions.gateway.body import invite, pieces
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upload_answers import UploadAnswers
from openinteractions.gateway.upload_calls import UploadCalls
from openinteractions.gateway.upstream import StatusError
from openinteractions.gateway.words import words
from openinteractions.v1 import file_service_pb2 as rpcs

FILE_NAME = "X-Goog-Upload-File-Name"

# What curl says of any bytes when it is told nothing.
_FORM = "application/x-www-form-urlencoded"

_ENCODING = "Content-Transfer-Encoding"

_PIECE_BYTES = 128 * 1024
_LARGEST_DESCRIPTION = 64 * 1024

Describe = Callable[[bytes], rpcs.StartUploadRequest]
"""Reads the JSON description of a file."""


class WholeUploads:
    """Answers uploads that begin and end with one request."""

    def __init__(
        self, calls: UploadCalls, answers: UploadAnswers, describe: Describe
    ) -> None:
        self._calls = calls
        self._answers = answers
        self._describe = describe

    async def answer(self, exchange: Exchange, *, multipart: bool) -> web.Response:
        """Upload the body of a request.

        Raises:
            StatusError: the service has refused it.
            RefusedError: the body is no upload, or the client has left.
        """
        try:
            if multipart:
                return await self._multipart(exchange)
            return await self._raw(exchange)
        except ConnectionError:
            reason = Reason.ERROR_REASON_CANCELLED
            raise RefusedError(reason, "The client has left.") from None

    async def _raw(self, exchange: Exchange) -> web.Response:
        headers = exchange.request.headers
        request = rpcs.StartUploadRequest()
        mime_type, name = words(headers, "Content-Type"), words(headers, FILE_NAME)
        if mime_type not in ("", _FORM):
            request.mime_type = mime_type
        if name:
            request.file.display_name = name
        if exchange.request.content_length and "Content-Encoding" not in headers:
            request.size_bytes = exchange.request.content_length
        return await self._send(exchange, request, pieces(exchange.request))

    async def _multipart(self, exchange: Exchange) -> web.Response:
        if not exchange.request.content_type.startswith("multipart/"):
            raise refused("Content-Type should be multipart/related, with a boundary.")
        await invite(exchange.request)
        try:
            reader = await exchange.request.multipart()
            request = self._describe(await _description(await _part(reader)))
            part = await _part(reader)
        except (ValueError, HttpProcessingError) as error:
            raise _malformed(error) from None
        if mime_type := words(part.headers, "Content-Type"):
            request.mime_type = mime_type
        return await self._send(exchange, request, _bytes(reader, part))

    async def _send(
        self,
        exchange: Exchange,
        request: rpcs.StartUploadRequest,
        body: AsyncIterator[bytes],
    ) -> web.Response:
        session = await self._calls.start(exchange, request)
        upload = session.upload_id
        try:
            first = rpcs.WriteUploadRequest(upload_id=upload, offset=0)
            status = await self._calls.write(exchange, first, body, finish=True)
        except Exception:
            await self._give_up(exchange, upload)
            raise
        return self._answers.status(exchange, status)

    async def _give_up(self, exchange: Exchange, upload: str) -> None:
        try:
            await self._calls.cancel(exchange, upload)
        except StatusError as error:
            exchange.note_left(error, "an upload that will expire")


async def _part(reader: MultipartReader) -> BodyPartReader:
    part = await reader.next()
    if not isinstance(part, BodyPartReader):
        raise refused("The body should have two parts: the description and the bytes.")
    return part


async def _description(part: BodyPartReader) -> bytes:
    found = b""
    while chunk := await part.read_chunk(_PIECE_BYTES):
        found += chunk
        if len(found) > _LARGEST_DESCRIPTION:
            raise refused("The description of the file is too large.")
    return found


async def _bytes(reader: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    """Yield the bytes of the last part; without an end they are not all."""
    encoding = words(part.headers, _ENCODING).lower()
    if encoding not in ("", "binary", "8bit", "7bit", "base64"):
        raise refused(f"{_ENCODING} should be binary or base64.")
    try:
        while chunk := await part.read_chunk(_PIECE_BYTES):
            yield binascii.a2b_base64(chunk) if encoding == "base64" else chunk
        if not part.at_eof() or await reader.next() is not None:
            raise refused("The multipart body should end behind its second part.")
    except (ValueError, HttpProcessingError) as error:
        raise _malformed(error) from None


def _malformed(error: ValueError | HttpProcessingError) -> RefusedError:
    reason = error.message if isinstance(error, HttpProcessingError) else error
    return refused(f"The multipart body is malformed: {reason}.")
