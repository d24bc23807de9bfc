from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SafetySetting(_message.Message):
    __slots__ = ("type", "threshold", "method", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    threshold: str
    method: str
    rest: str
    def __init__(self, type: _Optional[str] = ..., threshold: _Optional[str] = ..., method: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
