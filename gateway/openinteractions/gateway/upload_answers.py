"""What uploads answer: headers that tell how far one is, and the file at its end.

`X-Goog-Upload-Status` is missing from failures of the server alone: clients then send
the same bytes again, which may be of use (contract §1.7). With any other failure that
would only hide what is wrong.
"""

from __future__ import annotations

import orjson
from aiohttp import web

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upload_calls import UploadCalls
from openinteractions.gateway.upstream import StatusError
from openinteractions.v1 import file_pb2
from openinteractions.v1 import file_service_pb2 as rpcs

STATUS = "X-Goog-Upload-Status"
RECEIVED = "X-Goog-Upload-Size-Received"

_WORDS = {
    rpcs.UPLOAD_STATE_ACTIVE: "active",
    rpcs.UPLOAD_STATE_FINAL: "final",
    rpcs.UPLOAD_STATE_CANCELLED: "cancelled",
}
_SERVER_FAULT = 500


class UploadAnswers:
    """Makes the responses of uploads."""

    def __init__(self, calls: UploadCalls) -> None:
        self._calls = calls
        self._codec = Codec(encoded=[file_pb2.File])

    def status(self, exchange: Exchange, status: rpcs.UploadStatus) -> web.Response:
        """Return the response that says how far an upload is."""
        value = {}
        if status.HasField("file"):
            value["file"] = self._codec.encode(status.file)
        response = exchange.json(orjson.dumps(value))
        response.headers.update(_headers(status))
        return response

    async def failed(
        self, exchange: Exchange, upload: str, error: Exception
    ) -> web.Response:
        """Return the response for a failure, with how far the upload is by now."""
        response = exchange.failed(error)
        if response.status < _SERVER_FAULT:
            try:
                status = await self._calls.query(exchange, upload)
            except StatusError:
                status = rpcs.UploadStatus(state=rpcs.UPLOAD_STATE_CANCELLED)
            response.headers.update(_headers(status))
        return response


def _headers(status: rpcs.UploadStatus) -> dict[str, str]:
    return {
        STATUS: _WORDS.get(status.state, "cancelled"),
        RECEIVED: str(status.received_bytes),
    }
