from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Error(_message.Message):
    __slots__ = ("code", "message", "rest")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    rest: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
