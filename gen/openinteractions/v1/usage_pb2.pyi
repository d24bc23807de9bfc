from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Usage(_message.Message):
    __slots__ = ("total_input_tokens", "total_output_tokens", "total_thought_tokens", "total_cached_tokens", "total_tool_use_tokens", "total_tokens", "input_tokens_by_modality", "output_tokens_by_modality", "cached_tokens_by_modality", "tool_use_tokens_by_modality", "grounding_tool_count", "initial_input_tokens", "rest")
    TOTAL_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_THOUGHT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOOL_USE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_BY_MODALITY_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_BY_MODALITY_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_BY_MODALITY_FIELD_NUMBER: _ClassVar[int]
    TOOL_USE_TOKENS_BY_MODALITY_FIELD_NUMBER: _ClassVar[int]
    GROUNDING_TOOL_COUNT_FIELD_NUMBER: _ClassVar[int]
    INITIAL_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    total_input_tokens: int
    total_output_tokens: int
    total_thought_tokens: int
    total_cached_tokens: int
    total_tool_use_tokens: int
    total_tokens: int
    input_tokens_by_modality: _containers.RepeatedCompositeFieldContainer[ModalityTokens]
    output_tokens_by_modality: _containers.RepeatedCompositeFieldContainer[ModalityTokens]
    cached_tokens_by_modality: _containers.RepeatedCompositeFieldContainer[ModalityTokens]
    tool_use_tokens_by_modality: _containers.RepeatedCompositeFieldContainer[ModalityTokens]
    grounding_tool_count: _containers.RepeatedCompositeFieldContainer[GroundingToolCount]
    initial_input_tokens: int
    rest: str
    def __init__(self, total_input_tokens: _Optional[int] = ..., total_output_tokens: _Optional[int] = ..., total_thought_tokens: _Optional[int] = ..., total_cached_tokens: _Optional[int] = ..., total_tool_use_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ..., input_tokens_by_modality: _Optional[_Iterable[_Union[ModalityTokens, _Mapping]]] = ..., output_tokens_by_modality: _Optional[_Iterable[_Union[ModalityTokens, _Mapping]]] = ..., cached_tokens_by_modality: _Optional[_Iterable[_Union[ModalityTokens, _Mapping]]] = ..., tool_use_tokens_by_modality: _Optional[_Iterable[_Union[ModalityTokens, _Mapping]]] = ..., grounding_tool_count: _Optional[_Iterable[_Union[GroundingToolCount, _Mapping]]] = ..., initial_input_tokens: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class ModalityTokens(_message.Message):
    __slots__ = ("modality", "tokens", "rest")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    modality: str
    tokens: int
    rest: str
    def __init__(self, modality: _Optional[str] = ..., tokens: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class GroundingToolCount(_message.Message):
    __slots__ = ("type", "count", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    count: int
    rest: str
    def __init__(self, type: _Optional[str] = ..., count: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...
