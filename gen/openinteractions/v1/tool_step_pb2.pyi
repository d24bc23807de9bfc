from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import content_pb2 as _content_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToolResult(_message.Message):
    __slots__ = ("text", "contents", "json")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    text: str
    contents: _content_pb2.ContentList
    json: str
    def __init__(self, text: _Optional[str] = ..., contents: _Optional[_Union[_content_pb2.ContentList, _Mapping]] = ..., json: _Optional[str] = ...) -> None: ...

class CodeExecutionCallStep(_message.Message):
    __slots__ = ("id", "arguments", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    arguments: CodeExecutionArguments
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., arguments: _Optional[_Union[CodeExecutionArguments, _Mapping]] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeExecutionArguments(_message.Message):
    __slots__ = ("code", "language", "rest")
    CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    code: str
    language: str
    rest: str
    def __init__(self, code: _Optional[str] = ..., language: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeExecutionResultStep(_message.Message):
    __slots__ = ("call_id", "result", "is_error", "signature", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: ToolResult
    is_error: bool
    signature: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Union[ToolResult, _Mapping]] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class UrlContextCallStep(_message.Message):
    __slots__ = ("id", "arguments", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    arguments: UrlContextArguments
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., arguments: _Optional[_Union[UrlContextArguments, _Mapping]] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class UrlContextArguments(_message.Message):
    __slots__ = ("urls", "rest")
    URLS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    urls: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, urls: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class UrlContextResultStep(_message.Message):
    __slots__ = ("call_id", "result", "is_error", "signature", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: _containers.RepeatedCompositeFieldContainer[UrlContextResult]
    is_error: bool
    signature: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Iterable[_Union[UrlContextResult, _Mapping]]] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class UrlContextResult(_message.Message):
    __slots__ = ("url", "status", "rest")
    URL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    url: str
    status: str
    rest: str
    def __init__(self, url: _Optional[str] = ..., status: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class McpServerToolCallStep(_message.Message):
    __slots__ = ("id", "name", "server_name", "arguments", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERVER_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    server_name: str
    arguments: str
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., server_name: _Optional[str] = ..., arguments: _Optional[str] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class McpServerToolResultStep(_message.Message):
    __slots__ = ("call_id", "result", "name", "server_name", "signature", "is_error", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERVER_NAME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: ToolResult
    name: str
    server_name: str
    signature: str
    is_error: bool
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Union[ToolResult, _Mapping]] = ..., name: _Optional[str] = ..., server_name: _Optional[str] = ..., signature: _Optional[str] = ..., is_error: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...

class ProcessingCallStep(_message.Message):
    __slots__ = ("id", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ProcessingResultStep(_message.Message):
    __slots__ = ("call_id", "signature", "is_error", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    signature: str
    is_error: bool
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., signature: _Optional[str] = ..., is_error: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...
