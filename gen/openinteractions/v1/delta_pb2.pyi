from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import annotation_pb2 as _annotation_pb2
from openinteractions.v1 import content_pb2 as _content_pb2
from openinteractions.v1 import search_step_pb2 as _search_step_pb2
from openinteractions.v1 import tool_step_pb2 as _tool_step_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delta(_message.Message):
    __slots__ = ("text", "text_annotation_delta", "image", "audio", "video", "document", "thought_summary", "thought_signature", "arguments_delta", "google_search_call", "google_search_result", "url_context_call", "url_context_result", "code_execution_call", "code_execution_result", "google_maps_call", "google_maps_result", "file_search_call", "file_search_result", "mcp_server_tool_call", "mcp_server_tool_result", "function_result", "retrieval_call", "retrieval_result", "processing_call", "processing_result", "other")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_ANNOTATION_DELTA_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DELTA_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_SEARCH_CALL_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_SEARCH_RESULT_FIELD_NUMBER: _ClassVar[int]
    URL_CONTEXT_CALL_FIELD_NUMBER: _ClassVar[int]
    URL_CONTEXT_RESULT_FIELD_NUMBER: _ClassVar[int]
    CODE_EXECUTION_CALL_FIELD_NUMBER: _ClassVar[int]
    CODE_EXECUTION_RESULT_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_MAPS_CALL_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_MAPS_RESULT_FIELD_NUMBER: _ClassVar[int]
    FILE_SEARCH_CALL_FIELD_NUMBER: _ClassVar[int]
    FILE_SEARCH_RESULT_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVER_TOOL_CALL_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVER_TOOL_RESULT_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_RESULT_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_CALL_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_RESULT_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_CALL_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_RESULT_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    text: TextDelta
    text_annotation_delta: TextAnnotationDelta
    image: _content_pb2.ImageContent
    audio: _content_pb2.AudioContent
    video: _content_pb2.VideoContent
    document: _content_pb2.DocumentContent
    thought_summary: ThoughtSummaryDelta
    thought_signature: ThoughtSignatureDelta
    arguments_delta: ArgumentsDelta
    google_search_call: _search_step_pb2.GoogleSearchCallStep
    google_search_result: _search_step_pb2.GoogleSearchResultStep
    url_context_call: _tool_step_pb2.UrlContextCallStep
    url_context_result: _tool_step_pb2.UrlContextResultStep
    code_execution_call: _tool_step_pb2.CodeExecutionCallStep
    code_execution_result: _tool_step_pb2.CodeExecutionResultStep
    google_maps_call: _search_step_pb2.GoogleMapsCallStep
    google_maps_result: _search_step_pb2.GoogleMapsResultStep
    file_search_call: _search_step_pb2.FileSearchCallStep
    file_search_result: _search_step_pb2.FileSearchResultStep
    mcp_server_tool_call: _tool_step_pb2.McpServerToolCallStep
    mcp_server_tool_result: _tool_step_pb2.McpServerToolResultStep
    function_result: FunctionResultDelta
    retrieval_call: _search_step_pb2.RetrievalCallStep
    retrieval_result: _search_step_pb2.RetrievalResultStep
    processing_call: _tool_step_pb2.ProcessingCallStep
    processing_result: _tool_step_pb2.ProcessingResultStep
    other: str
    def __init__(self, text: _Optional[_Union[TextDelta, _Mapping]] = ..., text_annotation_delta: _Optional[_Union[TextAnnotationDelta, _Mapping]] = ..., image: _Optional[_Union[_content_pb2.ImageContent, _Mapping]] = ..., audio: _Optional[_Union[_content_pb2.AudioContent, _Mapping]] = ..., video: _Optional[_Union[_content_pb2.VideoContent, _Mapping]] = ..., document: _Optional[_Union[_content_pb2.DocumentContent, _Mapping]] = ..., thought_summary: _Optional[_Union[ThoughtSummaryDelta, _Mapping]] = ..., thought_signature: _Optional[_Union[ThoughtSignatureDelta, _Mapping]] = ..., arguments_delta: _Optional[_Union[ArgumentsDelta, _Mapping]] = ..., google_search_call: _Optional[_Union[_search_step_pb2.GoogleSearchCallStep, _Mapping]] = ..., google_search_result: _Optional[_Union[_search_step_pb2.GoogleSearchResultStep, _Mapping]] = ..., url_context_call: _Optional[_Union[_tool_step_pb2.UrlContextCallStep, _Mapping]] = ..., url_context_result: _Optional[_Union[_tool_step_pb2.UrlContextResultStep, _Mapping]] = ..., code_execution_call: _Optional[_Union[_tool_step_pb2.CodeExecutionCallStep, _Mapping]] = ..., code_execution_result: _Optional[_Union[_tool_step_pb2.CodeExecutionResultStep, _Mapping]] = ..., google_maps_call: _Optional[_Union[_search_step_pb2.GoogleMapsCallStep, _Mapping]] = ..., google_maps_result: _Optional[_Union[_search_step_pb2.GoogleMapsResultStep, _Mapping]] = ..., file_search_call: _Optional[_Union[_search_step_pb2.FileSearchCallStep, _Mapping]] = ..., file_search_result: _Optional[_Union[_search_step_pb2.FileSearchResultStep, _Mapping]] = ..., mcp_server_tool_call: _Optional[_Union[_tool_step_pb2.McpServerToolCallStep, _Mapping]] = ..., mcp_server_tool_result: _Optional[_Union[_tool_step_pb2.McpServerToolResultStep, _Mapping]] = ..., function_result: _Optional[_Union[FunctionResultDelta, _Mapping]] = ..., retrieval_call: _Optional[_Union[_search_step_pb2.RetrievalCallStep, _Mapping]] = ..., retrieval_result: _Optional[_Union[_search_step_pb2.RetrievalResultStep, _Mapping]] = ..., processing_call: _Optional[_Union[_tool_step_pb2.ProcessingCallStep, _Mapping]] = ..., processing_result: _Optional[_Union[_tool_step_pb2.ProcessingResultStep, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text", "rest")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    text: str
    rest: str
    def __init__(self, text: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class TextAnnotationDelta(_message.Message):
    __slots__ = ("annotations", "rest")
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    annotations: _containers.RepeatedCompositeFieldContainer[_annotation_pb2.Annotation]
    rest: str
    def __init__(self, annotations: _Optional[_Iterable[_Union[_annotation_pb2.Annotation, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class ThoughtSummaryDelta(_message.Message):
    __slots__ = ("content", "rest")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    content: _content_pb2.Content
    rest: str
    def __init__(self, content: _Optional[_Union[_content_pb2.Content, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class ThoughtSignatureDelta(_message.Message):
    __slots__ = ("signature", "rest")
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    signature: str
    rest: str
    def __init__(self, signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ArgumentsDelta(_message.Message):
    __slots__ = ("arguments", "rest")
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    arguments: str
    rest: str
    def __init__(self, arguments: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class FunctionResultDelta(_message.Message):
    __slots__ = ("call_id", "result", "name", "is_error", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: _tool_step_pb2.ToolResult
    name: str
    is_error: bool
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Union[_tool_step_pb2.ToolResult, _Mapping]] = ..., name: _Optional[str] = ..., is_error: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...
