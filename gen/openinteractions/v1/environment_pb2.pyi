from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Environment(_message.Message):
    __slots__ = ("name", "spec")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    name: str
    spec: EnvironmentSpec
    def __init__(self, name: _Optional[str] = ..., spec: _Optional[_Union[EnvironmentSpec, _Mapping]] = ...) -> None: ...

class EnvironmentSpec(_message.Message):
    __slots__ = ("type", "environment_id", "sources", "network", "env", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    environment_id: str
    sources: _containers.RepeatedCompositeFieldContainer[EnvironmentSource]
    network: EnvironmentNetwork
    env: str
    rest: str
    def __init__(self, type: _Optional[str] = ..., environment_id: _Optional[str] = ..., sources: _Optional[_Iterable[_Union[EnvironmentSource, _Mapping]]] = ..., network: _Optional[_Union[EnvironmentNetwork, _Mapping]] = ..., env: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class EnvironmentSource(_message.Message):
    __slots__ = ("type", "source", "target", "content", "encoding", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    source: str
    target: str
    content: str
    encoding: str
    rest: str
    def __init__(self, type: _Optional[str] = ..., source: _Optional[str] = ..., target: _Optional[str] = ..., content: _Optional[str] = ..., encoding: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class EnvironmentNetwork(_message.Message):
    __slots__ = ("mode", "rules")
    MODE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    mode: str
    rules: EnvironmentNetworkRules
    def __init__(self, mode: _Optional[str] = ..., rules: _Optional[_Union[EnvironmentNetworkRules, _Mapping]] = ...) -> None: ...

class EnvironmentNetworkRules(_message.Message):
    __slots__ = ("allowlist", "rest")
    ALLOWLIST_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    allowlist: str
    rest: str
    def __init__(self, allowlist: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
