"""What a client says of a file before it uploads it."""

from __future__ import annotations

import re

from openinteractions.core.errors import RequestError, TooLargeError
from openinteractions.engine.files.limits import Limits
from openinteractions.v1 import file_pb2, file_service_pb2

LONGEST_DISPLAY_NAME = 512
LONGEST_TYPE = 200

_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+([ \t]*;[\x20-\x7e]*)?", re.ASCII)


def announced(
    request: file_service_pb2.StartUploadRequest, limits: Limits
) -> file_pb2.File:
    """Return what is known of a file, without a name.

    Raises:
        RequestError: it cannot be, or it asks for a name.
        TooLargeError: it is larger than files may be.
    """
    said = request.file
    if said.name:
        raise RequestError(
            "file.name cannot be chosen: ids of files carry a check, by which their "
            "URIs are known. Leave it out, and use display_name.",
            field="file.name",
        )
    if len(said.display_name) > LONGEST_DISPLAY_NAME:
        raise RequestError(
            f"file.display_name has more than {LONGEST_DISPLAY_NAME} characters.",
            field="file.display_name",
        )
    file = file_pb2.File()
    if said.display_name:
        file.display_name = said.display_name
    for field, mime_type in (
        ("file.mime_type", said.mime_type),
        ("mime_type", request.mime_type),
    ):
        if mime_type and not file.mime_type:
            file.mime_type = _checked_type(field, mime_type)
    _set_size(file, request, limits)
    return file


def _checked_type(field: str, mime_type: str) -> str:
    if len(mime_type) > LONGEST_TYPE or not _TYPE.fullmatch(mime_type):
        raise RequestError(
            f'{field} is no media type, such as "image/png".', field=field
        )
    return mime_type


def _set_size(
    file: file_pb2.File, request: file_service_pb2.StartUploadRequest, limits: Limits
) -> None:
    for field, holder in (
        ("size_bytes", request),
        ("file.size_bytes", request.file),
    ):
        if not holder.HasField("size_bytes"):
            continue
        size = holder.size_bytes
        if size < 0:
            raise RequestError(f"{field} is less than nothing.", field=field)
        if file.HasField("size_bytes") and file.size_bytes != size:
            raise RequestError(
                f"{field} is {size}, but size_bytes is {file.size_bytes}.", field=field
            )
        if size > limits.max_bytes:
            raise TooLargeError(
                f"The file has {size} bytes; at most {limits.max_bytes} are taken.",
                field=field,
            )
        file.size_bytes = size
