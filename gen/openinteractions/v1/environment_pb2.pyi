from google.api import field_behavior_pb2 as _field_behavior_pb2
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
    class EnvEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: EnvironmentVariable
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[EnvironmentVariable, _Mapping]] = ...) -> None: ...
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
    env: _containers.MessageMap[str, EnvironmentVariable]
    rest: str
    def __init__(self, type: _Optional[str] = ..., environment_id: _Optional[str] = ..., sources: _Optional[_Iterable[_Union[EnvironmentSource, _Mapping]]] = ..., network: _Optional[_Union[EnvironmentNetwork, _Mapping]] = ..., env: _Optional[_Mapping[str, EnvironmentVariable]] = ..., rest: _Optional[str] = ...) -> None: ...

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
    allowlist: EnvironmentAllowlist
    rest: str
    def __init__(self, allowlist: _Optional[_Union[EnvironmentAllowlist, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class EnvironmentAllowlist(_message.Message):
    __slots__ = ("mode", "domains")
    MODE_FIELD_NUMBER: _ClassVar[int]
    DOMAINS_FIELD_NUMBER: _ClassVar[int]
    mode: str
    domains: EnvironmentDomainList
    def __init__(self, mode: _Optional[str] = ..., domains: _Optional[_Union[EnvironmentDomainList, _Mapping]] = ...) -> None: ...

class EnvironmentDomainList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[EnvironmentDomain]
    def __init__(self, items: _Optional[_Iterable[_Union[EnvironmentDomain, _Mapping]]] = ...) -> None: ...

class EnvironmentDomain(_message.Message):
    __slots__ = ("domain", "credential", "transform", "rest")
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    domain: str
    credential: str
    transform: str
    rest: str
    def __init__(self, domain: _Optional[str] = ..., credential: _Optional[str] = ..., transform: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class EnvironmentVariable(_message.Message):
    __slots__ = ("text", "source")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    source: EnvironmentVariableSource
    def __init__(self, text: _Optional[str] = ..., source: _Optional[_Union[EnvironmentVariableSource, _Mapping]] = ...) -> None: ...

class EnvironmentVariableSource(_message.Message):
    __slots__ = ("value", "credential", "rest")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    value: str
    credential: str
    rest: str
    def __init__(self, value: _Optional[str] = ..., credential: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
