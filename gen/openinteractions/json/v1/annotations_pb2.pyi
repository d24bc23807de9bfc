from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
DISCRIMINATOR_FIELD_NUMBER: _ClassVar[int]
discriminator: _descriptor.FieldDescriptor
BY_SHAPE_FIELD_NUMBER: _ClassVar[int]
by_shape: _descriptor.FieldDescriptor
TAG_FIELD_NUMBER: _ClassVar[int]
tag: _descriptor.FieldDescriptor
RAW_FIELD_NUMBER: _ClassVar[int]
raw: _descriptor.FieldDescriptor
REST_FIELD_NUMBER: _ClassVar[int]
rest: _descriptor.FieldDescriptor
WORDS_FIELD_NUMBER: _ClassVar[int]
words: _descriptor.FieldDescriptor
ALIAS_FIELD_NUMBER: _ClassVar[int]
alias: _descriptor.FieldDescriptor
WORD_FIELD_NUMBER: _ClassVar[int]
word: _descriptor.FieldDescriptor
ERROR_FIELD_NUMBER: _ClassVar[int]
error: _descriptor.FieldDescriptor
OPEN_FIELD_NUMBER: _ClassVar[int]
open: _descriptor.FieldDescriptor
PROTO_JSON_FIELD_NUMBER: _ClassVar[int]
proto_json: _descriptor.FieldDescriptor
STREAM_VARIANT_FIELD_NUMBER: _ClassVar[int]
stream_variant: _descriptor.FieldDescriptor

class ErrorShape(_message.Message):
    __slots__ = ("grpc_code", "http_status", "code")
    GRPC_CODE_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    grpc_code: int
    http_status: int
    code: str
    def __init__(self, grpc_code: _Optional[int] = ..., http_status: _Optional[int] = ..., code: _Optional[str] = ...) -> None: ...

class StreamVariant(_message.Message):
    __slots__ = ("when", "method")
    WHEN_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    when: str
    method: str
    def __init__(self, when: _Optional[str] = ..., method: _Optional[str] = ...) -> None: ...
