from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import delta_pb2 as _delta_pb2
from openinteractions.v1 import error_pb2 as _error_pb2
from openinteractions.v1 import interaction_pb2 as _interaction_pb2
from openinteractions.v1 import step_pb2 as _step_pb2
from openinteractions.v1 import usage_pb2 as _usage_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InteractionEvent(_message.Message):
    __slots__ = ("event_id", "created", "status_update", "step_start", "step_delta", "step_stop", "completed", "error", "other")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    STATUS_UPDATE_FIELD_NUMBER: _ClassVar[int]
    STEP_START_FIELD_NUMBER: _ClassVar[int]
    STEP_DELTA_FIELD_NUMBER: _ClassVar[int]
    STEP_STOP_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    created: InteractionCreated
    status_update: InteractionStatusUpdate
    step_start: StepStart
    step_delta: StepDelta
    step_stop: StepStop
    completed: InteractionCompleted
    error: InteractionError
    other: str
    def __init__(self, event_id: _Optional[str] = ..., created: _Optional[_Union[InteractionCreated, _Mapping]] = ..., status_update: _Optional[_Union[InteractionStatusUpdate, _Mapping]] = ..., step_start: _Optional[_Union[StepStart, _Mapping]] = ..., step_delta: _Optional[_Union[StepDelta, _Mapping]] = ..., step_stop: _Optional[_Union[StepStop, _Mapping]] = ..., completed: _Optional[_Union[InteractionCompleted, _Mapping]] = ..., error: _Optional[_Union[InteractionError, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class InteractionCreated(_message.Message):
    __slots__ = ("interaction", "rest")
    INTERACTION_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    interaction: _interaction_pb2.Interaction
    rest: str
    def __init__(self, interaction: _Optional[_Union[_interaction_pb2.Interaction, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class InteractionStatusUpdate(_message.Message):
    __slots__ = ("interaction_id", "status", "continuation_token", "usage", "rest")
    INTERACTION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    interaction_id: str
    status: _interaction_pb2.InteractionStatus
    continuation_token: str
    usage: _usage_pb2.Usage
    rest: str
    def __init__(self, interaction_id: _Optional[str] = ..., status: _Optional[_Union[_interaction_pb2.InteractionStatus, str]] = ..., continuation_token: _Optional[str] = ..., usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class StepStart(_message.Message):
    __slots__ = ("index", "step", "rest")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    index: int
    step: _step_pb2.Step
    rest: str
    def __init__(self, index: _Optional[int] = ..., step: _Optional[_Union[_step_pb2.Step, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class StepDelta(_message.Message):
    __slots__ = ("index", "delta", "metadata", "rest")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    index: int
    delta: _delta_pb2.Delta
    metadata: StepDeltaMetadata
    rest: str
    def __init__(self, index: _Optional[int] = ..., delta: _Optional[_Union[_delta_pb2.Delta, _Mapping]] = ..., metadata: _Optional[_Union[StepDeltaMetadata, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class StepDeltaMetadata(_message.Message):
    __slots__ = ("total_usage", "rest")
    TOTAL_USAGE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    total_usage: _usage_pb2.Usage
    rest: str
    def __init__(self, total_usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class StepStop(_message.Message):
    __slots__ = ("index", "usage", "step_usage", "rest")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    STEP_USAGE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    index: int
    usage: _usage_pb2.Usage
    step_usage: _usage_pb2.Usage
    rest: str
    def __init__(self, index: _Optional[int] = ..., usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., step_usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class InteractionCompleted(_message.Message):
    __slots__ = ("interaction", "rest")
    INTERACTION_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    interaction: _interaction_pb2.Interaction
    rest: str
    def __init__(self, interaction: _Optional[_Union[_interaction_pb2.Interaction, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class InteractionError(_message.Message):
    __slots__ = ("error", "rest")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    error: _error_pb2.Error
    rest: str
    def __init__(self, error: _Optional[_Union[_error_pb2.Error, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...
