import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FileState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_STATE_UNSPECIFIED: _ClassVar[FileState]
    FILE_STATE_PROCESSING: _ClassVar[FileState]
    FILE_STATE_ACTIVE: _ClassVar[FileState]
    FILE_STATE_FAILED: _ClassVar[FileState]

class FileSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_SOURCE_UNSPECIFIED: _ClassVar[FileSource]
    FILE_SOURCE_UPLOADED: _ClassVar[FileSource]
    FILE_SOURCE_GENERATED: _ClassVar[FileSource]
FILE_STATE_UNSPECIFIED: FileState
FILE_STATE_PROCESSING: FileState
FILE_STATE_ACTIVE: FileState
FILE_STATE_FAILED: FileState
FILE_SOURCE_UNSPECIFIED: FileSource
FILE_SOURCE_UPLOADED: FileSource
FILE_SOURCE_GENERATED: FileSource

class File(_message.Message):
    __slots__ = ("name", "display_name", "mime_type", "size_bytes", "create_time", "update_time", "expiration_time", "sha256_hash", "uri", "download_uri", "state", "source", "error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    SHA256_HASH_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_URI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    mime_type: str
    size_bytes: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    expiration_time: _timestamp_pb2.Timestamp
    sha256_hash: bytes
    uri: str
    download_uri: str
    state: FileState
    source: FileSource
    error: _status_pb2.Status
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., mime_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expiration_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sha256_hash: _Optional[bytes] = ..., uri: _Optional[str] = ..., download_uri: _Optional[str] = ..., state: _Optional[_Union[FileState, str]] = ..., source: _Optional[_Union[FileSource, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
