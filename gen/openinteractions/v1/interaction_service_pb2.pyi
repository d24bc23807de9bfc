from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2_1
from openinteractions.v1 import agent_config_pb2 as _agent_config_pb2
from openinteractions.v1 import environment_pb2 as _environment_pb2
from openinteractions.v1 import event_pb2 as _event_pb2
from openinteractions.v1 import generation_config_pb2 as _generation_config_pb2
from openinteractions.v1 import interaction_pb2 as _interaction_pb2
from openinteractions.v1 import response_format_pb2 as _response_format_pb2
from openinteractions.v1 import safety_setting_pb2 as _safety_setting_pb2
from openinteractions.v1 import tool_pb2 as _tool_pb2
from openinteractions.v1 import webhook_config_pb2 as _webhook_config_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateInteractionRequest(_message.Message):
    __slots__ = ("model", "agent", "input", "store", "background", "previous_interaction_id", "system_instruction", "tools", "generation_config", "agent_config", "response_format", "response_mime_type", "response_modalities", "service_tier", "webhook_config", "environment", "safety_settings", "labels", "cached_content", "continuation_token", "rest")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_INTERACTION_ID_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    AGENT_CONFIG_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_CONFIG_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    SAFETY_SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CACHED_CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    model: str
    agent: str
    input: _interaction_pb2.Input
    store: bool
    background: bool
    previous_interaction_id: str
    system_instruction: str
    tools: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Tool]
    generation_config: _generation_config_pb2.GenerationConfig
    agent_config: _agent_config_pb2.AgentConfig
    response_format: _response_format_pb2.ResponseFormats
    response_mime_type: str
    response_modalities: _containers.RepeatedScalarFieldContainer[str]
    service_tier: str
    webhook_config: _webhook_config_pb2.WebhookConfig
    environment: _environment_pb2.Environment
    safety_settings: _containers.RepeatedCompositeFieldContainer[_safety_setting_pb2.SafetySetting]
    labels: _containers.ScalarMap[str, str]
    cached_content: str
    continuation_token: str
    rest: str
    def __init__(self, model: _Optional[str] = ..., agent: _Optional[str] = ..., input: _Optional[_Union[_interaction_pb2.Input, _Mapping]] = ..., store: _Optional[bool] = ..., background: _Optional[bool] = ..., previous_interaction_id: _Optional[str] = ..., system_instruction: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[_tool_pb2.Tool, _Mapping]]] = ..., generation_config: _Optional[_Union[_generation_config_pb2.GenerationConfig, _Mapping]] = ..., agent_config: _Optional[_Union[_agent_config_pb2.AgentConfig, _Mapping]] = ..., response_format: _Optional[_Union[_response_format_pb2.ResponseFormats, _Mapping]] = ..., response_mime_type: _Optional[str] = ..., response_modalities: _Optional[_Iterable[str]] = ..., service_tier: _Optional[str] = ..., webhook_config: _Optional[_Union[_webhook_config_pb2.WebhookConfig, _Mapping]] = ..., environment: _Optional[_Union[_environment_pb2.Environment, _Mapping]] = ..., safety_settings: _Optional[_Iterable[_Union[_safety_setting_pb2.SafetySetting, _Mapping]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., cached_content: _Optional[str] = ..., continuation_token: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GetInteractionRequest(_message.Message):
    __slots__ = ("id", "include_input")
    ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INPUT_FIELD_NUMBER: _ClassVar[int]
    id: str
    include_input: bool
    def __init__(self, id: _Optional[str] = ..., include_input: _Optional[bool] = ...) -> None: ...

class StreamInteractionRequest(_message.Message):
    __slots__ = ("id", "last_event_id", "include_input")
    ID_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INPUT_FIELD_NUMBER: _ClassVar[int]
    id: str
    last_event_id: str
    include_input: bool
    def __init__(self, id: _Optional[str] = ..., last_event_id: _Optional[str] = ..., include_input: _Optional[bool] = ...) -> None: ...

class CancelInteractionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteInteractionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListInteractionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListInteractionsResponse(_message.Message):
    __slots__ = ("interactions", "next_page_token")
    INTERACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    interactions: _containers.RepeatedCompositeFieldContainer[_interaction_pb2.Interaction]
    next_page_token: str
    def __init__(self, interactions: _Optional[_Iterable[_Union[_interaction_pb2.Interaction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
