import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import agent_config_pb2 as _agent_config_pb2
from openinteractions.v1 import content_pb2 as _content_pb2
from openinteractions.v1 import environment_pb2 as _environment_pb2
from openinteractions.v1 import error_pb2 as _error_pb2
from openinteractions.v1 import generation_config_pb2 as _generation_config_pb2
from openinteractions.v1 import response_format_pb2 as _response_format_pb2
from openinteractions.v1 import safety_setting_pb2 as _safety_setting_pb2
from openinteractions.v1 import step_pb2 as _step_pb2
from openinteractions.v1 import tool_pb2 as _tool_pb2
from openinteractions.v1 import usage_pb2 as _usage_pb2
from openinteractions.v1 import webhook_config_pb2 as _webhook_config_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InteractionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERACTION_STATUS_UNSPECIFIED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_QUEUED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_IN_PROGRESS: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_REQUIRES_ACTION: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_COMPLETED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_FAILED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_CANCELLED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_INCOMPLETE: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_BUDGET_EXCEEDED: _ClassVar[InteractionStatus]
    INTERACTION_STATUS_REQUIRES_CONTINUATION: _ClassVar[InteractionStatus]
INTERACTION_STATUS_UNSPECIFIED: InteractionStatus
INTERACTION_STATUS_QUEUED: InteractionStatus
INTERACTION_STATUS_IN_PROGRESS: InteractionStatus
INTERACTION_STATUS_REQUIRES_ACTION: InteractionStatus
INTERACTION_STATUS_COMPLETED: InteractionStatus
INTERACTION_STATUS_FAILED: InteractionStatus
INTERACTION_STATUS_CANCELLED: InteractionStatus
INTERACTION_STATUS_INCOMPLETE: InteractionStatus
INTERACTION_STATUS_BUDGET_EXCEEDED: InteractionStatus
INTERACTION_STATUS_REQUIRES_CONTINUATION: InteractionStatus

class Interaction(_message.Message):
    __slots__ = ("id", "object", "status", "model", "agent", "created", "updated", "steps", "usage", "previous_interaction_id", "input", "system_instruction", "tools", "response_format", "response_mime_type", "response_modalities", "agent_config", "service_tier", "webhook_config", "generation_config", "cached_content", "environment", "environment_id", "safety_settings", "labels", "errors", "continuation_token", "continuation_ids", "rest")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_INTERACTION_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    AGENT_CONFIG_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_CONFIG_FIELD_NUMBER: _ClassVar[int]
    GENERATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CACHED_CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAFETY_SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_IDS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    object: str
    status: InteractionStatus
    model: str
    agent: str
    created: _timestamp_pb2.Timestamp
    updated: _timestamp_pb2.Timestamp
    steps: _containers.RepeatedCompositeFieldContainer[_step_pb2.Step]
    usage: _usage_pb2.Usage
    previous_interaction_id: str
    input: Input
    system_instruction: str
    tools: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Tool]
    response_format: _response_format_pb2.ResponseFormats
    response_mime_type: str
    response_modalities: _containers.RepeatedScalarFieldContainer[str]
    agent_config: _agent_config_pb2.AgentConfig
    service_tier: str
    webhook_config: _webhook_config_pb2.WebhookConfig
    generation_config: _generation_config_pb2.GenerationConfig
    cached_content: str
    environment: _environment_pb2.Environment
    environment_id: str
    safety_settings: _containers.RepeatedCompositeFieldContainer[_safety_setting_pb2.SafetySetting]
    labels: _containers.ScalarMap[str, str]
    errors: _containers.RepeatedCompositeFieldContainer[_error_pb2.Error]
    continuation_token: str
    continuation_ids: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., status: _Optional[_Union[InteractionStatus, str]] = ..., model: _Optional[str] = ..., agent: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[_step_pb2.Step, _Mapping]]] = ..., usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., previous_interaction_id: _Optional[str] = ..., input: _Optional[_Union[Input, _Mapping]] = ..., system_instruction: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[_tool_pb2.Tool, _Mapping]]] = ..., response_format: _Optional[_Union[_response_format_pb2.ResponseFormats, _Mapping]] = ..., response_mime_type: _Optional[str] = ..., response_modalities: _Optional[_Iterable[str]] = ..., agent_config: _Optional[_Union[_agent_config_pb2.AgentConfig, _Mapping]] = ..., service_tier: _Optional[str] = ..., webhook_config: _Optional[_Union[_webhook_config_pb2.WebhookConfig, _Mapping]] = ..., generation_config: _Optional[_Union[_generation_config_pb2.GenerationConfig, _Mapping]] = ..., cached_content: _Optional[str] = ..., environment: _Optional[_Union[_environment_pb2.Environment, _Mapping]] = ..., environment_id: _Optional[str] = ..., safety_settings: _Optional[_Iterable[_Union[_safety_setting_pb2.SafetySetting, _Mapping]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., errors: _Optional[_Iterable[_Union[_error_pb2.Error, _Mapping]]] = ..., continuation_token: _Optional[str] = ..., continuation_ids: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class Input(_message.Message):
    __slots__ = ("text", "content", "contents", "steps")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    text: str
    content: _content_pb2.Content
    contents: _content_pb2.ContentList
    steps: _step_pb2.StepList
    def __init__(self, text: _Optional[str] = ..., content: _Optional[_Union[_content_pb2.Content, _Mapping]] = ..., contents: _Optional[_Union[_content_pb2.ContentList, _Mapping]] = ..., steps: _Optional[_Union[_step_pb2.StepList, _Mapping]] = ...) -> None: ...
