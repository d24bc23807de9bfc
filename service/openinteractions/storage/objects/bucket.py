"""An S3-compatible bucket: its operations, and its errors in the words of the domain.

The library is aiobotocore: AWS's own client on aiohttp. Of all there are it alone can
do what uploads need here, all of it without threads: the parts of one object sent by
several processes, and bodies that stream. It costs 27 MiB and a tenth of a second,
which is why nothing imports this module before a bucket is configured.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from openinteractions.core.errors import NotFoundError
from openinteractions.storage.objects.body import Body
from openinteractions.storage.objects.refusal import (
    Refusal,
    meaning,
    told,
    translated,
    unreachable,
)

TRIES = 3
CONNECT_SECONDS = 5
SILENCE_SECONDS = 20
OPERATION_SECONDS = 120
"""How long an operation may take with all its tries, up to the body of its answer."""

CONNECTIONS = 1000
"""A slow reader of an object holds one."""

READS = 3
"""How often reading is taken up where it broke, before it fails."""

BEYOND = "InvalidRange"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Which bucket, and how to get in."""

    bucket: str
    prefix: str = ""
    """Before all keys: segments, each with a `/` behind it."""
    endpoint_url: str | None = None
    """The server; without it AWS."""
    region: str | None = None
    credentials: tuple[str, str] | None = None
    """Key id and secret; without them wherever AWS's tools look for them."""

    def __str__(self) -> str:
        at = f" at {self.endpoint_url}" if self.endpoint_url else ""
        return f"s3://{self.bucket}/{self.prefix}{at}"


class Item(NamedTuple):
    """An object, or an upload that has not ended."""

    name: str
    modified: float
    upload: str = ""


class Bucket:
    """The operations. Names are those within the bucket, prefix included.

    Made by `connect`. Each operation is tried a few times.

    Raises:
        UnavailableError: from every operation: the bucket cannot be reached, or does
            not let it happen. The log says which.
    """

    def __init__(self, client: Any, name: str, stack: AsyncExitStack) -> None:
        self._client = client
        self._name = name
        self._stack = stack

    @classmethod
    async def connect(cls, place: Place) -> Self:
        """Make a client; nothing is sent yet."""
        key, secret = place.credentials or (None, None)
        # Servers other than AWS know neither hosts named by buckets nor the newer
        # checksums; MD5, which they all know, is sent along instead.
        config = AioConfig(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "addressing_style": "path" if place.endpoint_url else "auto",
                "payload_signing_enabled": False,
            },
        )
        stack = AsyncExitStack()
        client = await stack.enter_async_context(
            get_session().create_client(
                "s3",
                endpoint_url=place.endpoint_url,
                region_name=place.region or "us-east-1",
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                config=config,
            )
        )
        client.meta.events.register_last("before-call.s3", _unasked)
        return cls(client, place.bucket, stack)

    async def close(self) -> None:
        """Close all connections."""
        await self._stack.aclose()

    async def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        """Let the bucket do something and return what it says.

        Raises:
            Refusal: it does not.
        """
        call = getattr(self._client, operation)
        with told():
            async with asyncio.timeout(OPERATION_SECONDS):
                answer: dict[str, Any] = await call(Bucket=self._name, **members)
        return answer

    async def put(self, name: str, data: bytes) -> None:
        """Store an object."""
        with meaning():
            await self.ask("put_object", Key=name, **await _body(data))

    async def size(self, name: str) -> int | None:
        """Return how many bytes an object has; None when it is not there."""
        try:
            with meaning():
                answer = await self.ask("head_object", Key=name)
        except NotFoundError:
            return None
        size: int = answer["ContentLength"]
        return size

    async def read(
        self, name: str, start: int, length: int | None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of an object; a read that breaks is taken up again.

        Raises:
            NotFoundError: it is not there; comes before the first bytes.
        """
        position, end = start, None if length is None else start + length
        members: dict[str, Any] = {}
        tries = READS
        while True:
            if position or end is not None:
                last = "" if end is None else end - 1
                members["Range"] = f"bytes={position}-{last}"
            try:
                answer = await self.ask("get_object", Key=name, **members)
            except Refusal as refusal:
                if refusal.code == BEYOND:
                    return
                raise translated(refusal, begun=position > start) from refusal
            members["IfMatch"] = answer["ETag"]
            async with Body(answer["Body"]) as body:
                while block := await body.block():
                    position += len(block)
                    yield block
            if body.error is None or position == end:
                return
            tries -= 1
            log.warning("Reading from the bucket broke: %s", body.error)
            if not tries:
                raise unreachable() from body.error

    async def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        with meaning():
            await self.ask("delete_object", Key=name)

    async def list(self, prefix: str) -> AsyncIterator[Item]:
        """Yield the objects whose names begin with a prefix."""
        members: dict[str, Any] = {"Prefix": prefix}
        while True:
            with meaning():
                page = await self.ask("list_objects_v2", **members)
            for entry in page.get("Contents", ()):
                yield Item(entry["Key"], entry["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            members["ContinuationToken"] = page["NextContinuationToken"]

    async def uploads(self, prefix: str) -> AsyncIterator[Item]:
        """Yield the uploads of objects whose names begin with a prefix."""
        members: dict[str, Any] = {"Prefix": prefix}
        while True:
            with meaning():
                page = await self.ask("list_multipart_uploads", **members)
            for entry in page.get("Uploads", ()):
                begun = entry["Initiated"].timestamp()
                yield Item(entry["Key"], begun, entry["UploadId"])
            if not page.get("IsTruncated"):
                return
            members["KeyMarker"] = page["NextKeyMarker"]
            members["UploadIdMarker"] = page["NextUploadIdMarker"]

    async def begin(self, name: str) -> str:
        """Begin to upload an object in parts and return the upload's id."""
        with meaning():
            answer = await self.ask("create_multipart_upload", Key=name)
        upload: str = answer["UploadId"]
        return upload

    async def upload(self, name: str, upload: str, number: int, data: bytes) -> str:
        """Upload a part, in place of the one with its number; return its tag.

        Raises:
            NotFoundError: there is no such upload.
        """
        members = {"UploadId": upload, "PartNumber": number}
        with meaning():
            answer = await self.ask(
                "upload_part", Key=name, **members, **await _body(data)
            )
        tag: str = answer["ETag"]
        return tag

    async def join(
        self, name: str, upload: str, parts: Sequence[tuple[int, str]]
    ) -> None:
        """Make the object of its parts.

        Raises:
            NotFoundError: there is no such upload, or a part is not there.
        """
        listed = [{"PartNumber": number, "ETag": tag} for number, tag in parts]
        with meaning():
            await self.ask(
                "complete_multipart_upload",
                Key=name,
                UploadId=upload,
                MultipartUpload={"Parts": listed},
            )

    async def abort(self, name: str, upload: str) -> None:
        """Drop an upload with its parts, if it is there."""
        try:
            with meaning():
                await self.ask("abort_multipart_upload", Key=name, UploadId=upload)
        except NotFoundError:
            return


def _unasked(params: dict[str, Any], **_: object) -> None:
    """Send bodies without asking first: a server that is stuck would never answer."""
    params["headers"].pop("Expect", None)


async def _body(data: bytes) -> dict[str, Any]:
    """Return bytes as the body of a request, with a digest for the server to check."""
    digest = await asyncio.to_thread(hashlib.md5, data, usedforsecurity=False)
    return {
        "Body": io.BytesIO(data),
        "ContentLength": len(data),
        "ContentMD5": b64encode(digest.digest()).decode(),
    }
