from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AgentConfig(_message.Message):
    __slots__ = ("dynamic", "deep_research", "antigravity", "code_mender", "other")
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    DEEP_RESEARCH_FIELD_NUMBER: _ClassVar[int]
    ANTIGRAVITY_FIELD_NUMBER: _ClassVar[int]
    CODE_MENDER_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    dynamic: DynamicAgentConfig
    deep_research: DeepResearchAgentConfig
    antigravity: AntigravityAgentConfig
    code_mender: CodeMenderAgentConfig
    other: str
    def __init__(self, dynamic: _Optional[_Union[DynamicAgentConfig, _Mapping]] = ..., deep_research: _Optional[_Union[DeepResearchAgentConfig, _Mapping]] = ..., antigravity: _Optional[_Union[AntigravityAgentConfig, _Mapping]] = ..., code_mender: _Optional[_Union[CodeMenderAgentConfig, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class DynamicAgentConfig(_message.Message):
    __slots__ = ("rest",)
    REST_FIELD_NUMBER: _ClassVar[int]
    rest: str
    def __init__(self, rest: _Optional[str] = ...) -> None: ...

class DeepResearchAgentConfig(_message.Message):
    __slots__ = ("thinking_summaries", "collaborative_planning", "visualization", "enable_bigquery_tool", "rest")
    THINKING_SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    COLLABORATIVE_PLANNING_FIELD_NUMBER: _ClassVar[int]
    VISUALIZATION_FIELD_NUMBER: _ClassVar[int]
    ENABLE_BIGQUERY_TOOL_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    thinking_summaries: str
    collaborative_planning: bool
    visualization: str
    enable_bigquery_tool: bool
    rest: str
    def __init__(self, thinking_summaries: _Optional[str] = ..., collaborative_planning: _Optional[bool] = ..., visualization: _Optional[str] = ..., enable_bigquery_tool: _Optional[bool] = ..., rest: _Optional[str] = ...) -> None: ...

class AntigravityAgentConfig(_message.Message):
    __slots__ = ("max_total_tokens", "model", "rest")
    MAX_TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    max_total_tokens: int
    model: str
    rest: str
    def __init__(self, max_total_tokens: _Optional[int] = ..., model: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeMenderAgentConfig(_message.Message):
    __slots__ = ("model", "session_id", "session_config", "find_request", "fix_request", "rest")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    FIND_REQUEST_FIELD_NUMBER: _ClassVar[int]
    FIX_REQUEST_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    model: str
    session_id: str
    session_config: CodeMenderSessionConfig
    find_request: CodeMenderFindRequest
    fix_request: CodeMenderFixRequest
    rest: str
    def __init__(self, model: _Optional[str] = ..., session_id: _Optional[str] = ..., session_config: _Optional[_Union[CodeMenderSessionConfig, _Mapping]] = ..., find_request: _Optional[_Union[CodeMenderFindRequest, _Mapping]] = ..., fix_request: _Optional[_Union[CodeMenderFixRequest, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeMenderSessionConfig(_message.Message):
    __slots__ = ("max_rounds", "rest")
    MAX_ROUNDS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    max_rounds: int
    rest: str
    def __init__(self, max_rounds: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeMenderFindRequest(_message.Message):
    __slots__ = ("mode", "description", "finding_id", "source_files", "rest")
    MODE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FILES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    mode: str
    description: str
    finding_id: str
    source_files: _containers.RepeatedCompositeFieldContainer[SourceFile]
    rest: str
    def __init__(self, mode: _Optional[str] = ..., description: _Optional[str] = ..., finding_id: _Optional[str] = ..., source_files: _Optional[_Iterable[_Union[SourceFile, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class CodeMenderFixRequest(_message.Message):
    __slots__ = ("description", "finding_id", "source_files", "rest")
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FILES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    description: str
    finding_id: str
    source_files: _containers.RepeatedCompositeFieldContainer[SourceFile]
    rest: str
    def __init__(self, description: _Optional[str] = ..., finding_id: _Optional[str] = ..., source_files: _Optional[_Iterable[_Union[SourceFile, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class SourceFile(_message.Message):
    __slots__ = ("path", "content", "rest")
    PATH_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    path: str
    content: str
    rest: str
    def __init__(self, path: _Optional[str] = ..., content: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
