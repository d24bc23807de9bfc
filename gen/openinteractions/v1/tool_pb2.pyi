from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import retrieval_pb2 as _retrieval_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tool(_message.Message):
    __slots__ = ("function", "google_search", "code_execution", "url_context", "computer_use", "mcp_server", "file_search", "google_maps", "retrieval", "other")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_SEARCH_FIELD_NUMBER: _ClassVar[int]
    CODE_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    URL_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    COMPUTER_USE_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVER_FIELD_NUMBER: _ClassVar[int]
    FILE_SEARCH_FIELD_NUMBER: _ClassVar[int]
    GOOGLE_MAPS_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    function: FunctionTool
    google_search: GoogleSearchTool
    code_execution: CodeExecutionTool
    url_context: UrlContextTool
    computer_use: ComputerUseTool
    mcp_server: McpServerTool
    file_search: FileSearchTool
    google_maps: GoogleMapsTool
    retrieval: _retrieval_pb2.RetrievalTool
    other: str
    def __init__(self, function: _Optional[_Union[FunctionTool, _Mapping]] = ..., google_search: _Optional[_Union[GoogleSearchTool, _Mapping]] = ..., code_execution: _Optional[_Union[CodeExecutionTool, _Mapping]] = ..., url_context: _Optional[_Union[UrlContextTool, _Mapping]] = ..., computer_use: _Optional[_Union[ComputerUseTool, _Mapping]] = ..., mcp_server: _Optional[_Union[McpServerTool, _Mapping]] = ..., file_search: _Optional[_Union[FileSearchTool, _Mapping]] = ..., google_maps: _Optional[_Union[GoogleMapsTool, _Mapping]] = ..., retrieval: _Optional[_Union[_retrieval_pb2.RetrievalTool, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class FunctionTool(_message.Message):
    __slots__ = ("name", "description", "parameters", "rest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    parameters: str
    rest: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., parameters: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleSearchTool(_message.Message):
    __slots__ = ("search_types", "rest")
    SEARCH_TYPES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    search_types: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, search_types: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeExecutionTool(_message.Message):
    __slots__ = ("rest",)
    REST_FIELD_NUMBER: _ClassVar[int]
    rest: str
    def __init__(self, rest: _Optional[str] = ...) -> None: ...

class UrlContextTool(_message.Message):
    __slots__ = ("rest",)
    REST_FIELD_NUMBER: _ClassVar[int]
    rest: str
    def __init__(self, rest: _Optional[str] = ...) -> None: ...

class ComputerUseTool(_message.Message):
    __slots__ = ("environment", "excluded_predefined_functions", "enable_prompt_injection_detection", "disabled_safety_policies", "rest")
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_PREDEFINED_FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLE_PROMPT_INJECTION_DETECTION_FIELD_NUMBER: _ClassVar[int]
    DISABLED_SAFETY_POLICIES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    environment: str
    excluded_predefined_functions: _containers.RepeatedScalarFieldContainer[str]
    enable_prompt_injection_detection: bool
    disabled_safety_policies: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, environment: _Optional[str] = ..., excluded_predefined_functions: _Optional[_Iterable[str]] = ..., enable_prompt_injection_detection: _Optional[bool] = ..., disabled_safety_policies: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class McpServerTool(_message.Message):
    __slots__ = ("name", "url", "headers", "allowed_tools", "rest")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    headers: _containers.ScalarMap[str, str]
    allowed_tools: _containers.RepeatedCompositeFieldContainer[AllowedTools]
    rest: str
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., headers: _Optional[_Mapping[str, str]] = ..., allowed_tools: _Optional[_Iterable[_Union[AllowedTools, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class AllowedTools(_message.Message):
    __slots__ = ("mode", "tools", "rest")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    mode: str
    tools: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, mode: _Optional[str] = ..., tools: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class ToolChoice(_message.Message):
    __slots__ = ("mode", "config")
    MODE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    mode: str
    config: ToolChoiceConfig
    def __init__(self, mode: _Optional[str] = ..., config: _Optional[_Union[ToolChoiceConfig, _Mapping]] = ...) -> None: ...

class ToolChoiceConfig(_message.Message):
    __slots__ = ("allowed_tools", "rest")
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    allowed_tools: AllowedTools
    rest: str
    def __init__(self, allowed_tools: _Optional[_Union[AllowedTools, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class FileSearchTool(_message.Message):
    __slots__ = ("file_search_store_names", "metadata_filter", "top_k", "rest")
    FILE_SEARCH_STORE_NAMES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FILTER_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    file_search_store_names: _containers.RepeatedScalarFieldContainer[str]
    metadata_filter: str
    top_k: int
    rest: str
    def __init__(self, file_search_store_names: _Optional[_Iterable[str]] = ..., metadata_filter: _Optional[str] = ..., top_k: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleMapsTool(_message.Message):
    __slots__ = ("latitude", "longitude", "enable_widget", "rest")
    LATITUDE_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_FIELD_NUMBER: _ClassVar[int]
    ENABLE_WIDGET_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    latitude: float
    longitude: float
    enable_widget: bool
    rest: str
    def __init__(self, latitude: _Optional[float] = ..., longitude: _Optional[float] = ..., enable_widget: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...
