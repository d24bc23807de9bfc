from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import content_pb2 as _content_pb2
from openinteractions.v1 import search_step_pb2 as _search_step_pb2
from openinteractions.v1 import tool_step_pb2 as _tool_step_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Step(_message.Message):
    __slots__ = ("user_input", "model_output", "thought", "function_call", "function_result", "code_execution_call", "code_execution_result", "url_context_call", "url_context_result", "google_search_call", "google_search_result", "google_maps_call", "google_maps_result", "file_search_call", "file_search_result", "mcp_server_tool_call", "mcp_server_tool_result", "retrieval_call", "retrieval_result", "processing_call", "processing_result", "other")
    USER_INPUT_FIELD_NUMBER: _ClassVar[int]
    MODEL_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CALL_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_RESULT_FIELD_NUMBER: _ClassVar[int]
    CODE_EXECUTION_CALL_FIELD_NUMBER: _ClassVar[int]
    CODE_EXECUTION_RESULT_FIELD_NUMBER: _ClassVar[int]
    URL_CONTEXT_CALL_FIELD_NUMBER: _ClassVar[int]
    URL_CONTEXT_RESULT_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_SEARCH_CALL_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_SEARCH_RESULT_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_MAPS_CALL_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_MAPS_RESULT_FIELD_NUMBER: _ClassVar[int]
    FILE_SEARCH_CALL_FIELD_NUMBER: _ClassVar[int]
    FILE_SEARCH_RESULT_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVER_TOOL_CALL_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVER_TOOL_RESULT_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_CALL_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_RESULT_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_CALL_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_RESULT_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    user_input: UserInputStep
    model_output: ModelOutputStep
    thought: ThoughtStep
    function_call: FunctionCallStep
    function_result: FunctionResultStep
    code_execution_call: _tool_step_pb2.CodeExecutionCallStep
    code_execution_result: _tool_step_pb2.CodeExecutionResultStep
    url_context_call: _tool_step_pb2.UrlContextCallStep
    url_context_result: _tool_step_pb2.UrlContextResultStep
    google_search_call: _search_step_pb2.GoogleSearchCallStep
    google_search_result: _search_step_pb2.GoogleSearchResultStep
    google_maps_call: _search_step_pb2.GoogleMapsCallStep
    google_maps_result: _search_step_pb2.GoogleMapsResultStep
    file_search_call: _search_step_pb2.FileSearchCallStep
    file_search_result: _search_step_pb2.FileSearchResultStep
    mcp_server_tool_call: _tool_step_pb2.McpServerToolCallStep
    mcp_server_tool_result: _tool_step_pb2.McpServerToolResultStep
    retrieval_call: _search_step_pb2.RetrievalCallStep
    retrieval_result: _search_step_pb2.RetrievalResultStep
    processing_call: _tool_step_pb2.ProcessingCallStep
    processing_result: _tool_step_pb2.ProcessingResultStep
    other: str
    def __init__(self, user_input: _Optional[_Union[UserInputStep, _Mapping]] = ..., model_output: _Optional[_Union[ModelOutputStep, _Mapping]] = ..., thought: _Optional[_Union[ThoughtStep, _Mapping]] = ..., function_call: _Optional[_Union[FunctionCallStep, _Mapping]] = ..., function_result: _Optional[_Union[FunctionResultStep, _Mapping]] = ..., code_execution_call: _Optional[_Union[_tool_step_pb2.CodeExecutionCallStep, _Mapping]] = ..., code_execution_result: _Optional[_Union[_tool_step_pb2.CodeExecutionResultStep, _Mapping]] = ..., url_context_call: _Optional[_Union[_tool_step_pb2.UrlContextCallStep, _Mapping]] = ..., url_context_result: _Optional[_Union[_tool_step_pb2.UrlContextResultStep, _Mapping]] = ..., google_search_call: _Optional[_Union[_search_step_pb2.GoogleSearchCallStep, _Mapping]] = ..., google_search_result: _Optional[_Union[_search_step_pb2.GoogleSearchResultStep, _Mapping]] = ..., google_maps_call: _Optional[_Union[_search_step_pb2.GoogleMapsCallStep, _Mapping]] = ..., google_maps_result: _Optional[_Union[_search_step_pb2.GoogleMapsResultStep, _Mapping]] = ..., file_search_call: _Optional[_Union[_search_step_pb2.FileSearchCallStep, _Mapping]] = ..., file_search_result: _Optional[_Union[_search_step_pb2.FileSearchResultStep, _Mapping]] = ..., mcp_server_tool_call: _Optional[_Union[_tool_step_pb2.McpServerToolCallStep, _Mapping]] = ..., mcp_server_tool_result: _Optional[_Union[_tool_step_pb2.McpServerToolResultStep, _Mapping]] = ..., retrieval_call: _Optional[_Union[_search_step_pb2.RetrievalCallStep, _Mapping]] = ..., retrieval_result: _Optional[_Union[_search_step_pb2.RetrievalResultStep, _Mapping]] = ..., processing_call: _Optional[_Union[_tool_step_pb2.ProcessingCallStep, _Mapping]] = ..., processing_result: _Optional[_Union[_tool_step_pb2.ProcessingResultStep, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class StepList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Step]
    def __init__(self, items: _Optional[_Iterable[_Union[Step, _Mapping]]] = ...) -> None: ...

class UserInputStep(_message.Message):
    __slots__ = ("content", "rest")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[_content_pb2.Content]
    rest: str
    def __init__(self, content: _Optional[_Iterable[_Union[_content_pb2.Content, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class ModelOutputStep(_message.Message):
    __slots__ = ("content", "error", "rest")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[_content_pb2.Content]
    error: StepError
    rest: str
    def __init__(self, content: _Optional[_Iterable[_Union[_content_pb2.Content, _Mapping]]] = ..., error: _Optional[_Union[StepError, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class StepError(_message.Message):
    __slots__ = ("code", "message", "details", "rest")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: str
    rest: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ThoughtStep(_message.Message):
    __slots__ = ("signature", "summary", "rest")
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    signature: str
    summary: _containers.RepeatedCompositeFieldContainer[_content_pb2.Content]
    rest: str
    def __init__(self, signature: _Optional[str] = ..., summary: _Optional[_Iterable[_Union[_content_pb2.Content, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class FunctionCallStep(_message.Message):
    __slots__ = ("id", "name", "arguments", "signature", "call_id", "is_error", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    arguments: str
    signature: str
    call_id: str
    is_error: bool
    rest: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., arguments: _Optional[str] = ..., signature: _Optional[str] = ..., call_id: _Optional[str] = ..., is_error: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...

class FunctionResultStep(_message.Message):
    __slots__ = ("call_id", "result", "name", "is_error", "signature", "id", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: _tool_step_pb2.ToolResult
    name: str
    is_error: bool
    signature: str
    id: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Union[_tool_step_pb2.ToolResult, _Mapping]] = ..., name: _Optional[str] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., id: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
