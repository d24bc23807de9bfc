from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import annotation_pb2 as _annotation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SearchArguments(_message.Message):
    __slots__ = ("queries", "rest")
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, queries: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleSearchCallStep(_message.Message):
    __slots__ = ("id", "arguments", "search_type", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    arguments: SearchArguments
    search_type: str
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., arguments: _Optional[_Union[SearchArguments, _Mapping]] = ..., search_type: _Optional[str] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleSearchResultStep(_message.Message):
    __slots__ = ("call_id", "result", "is_error", "signature", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: _containers.RepeatedCompositeFieldContainer[GoogleSearchResult]
    is_error: bool
    signature: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Iterable[_Union[GoogleSearchResult, _Mapping]]] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleSearchResult(_message.Message):
    __slots__ = ("search_suggestions", "url", "title", "rendered_content", "rest")
    SEARCH_SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    RENDERED_CONTENT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    search_suggestions: str
    url: str
    title: str
    rendered_content: str
    rest: str
    def __init__(self, search_suggestions: _Optional[str] = ..., url: _Optional[str] = ..., title: _Optional[str] = ..., rendered_content: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleMapsCallStep(_message.Message):
    __slots__ = ("id", "arguments", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    arguments: SearchArguments
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., arguments: _Optional[_Union[SearchArguments, _Mapping]] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleMapsResultStep(_message.Message):
    __slots__ = ("call_id", "result", "is_error", "signature", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    result: _containers.RepeatedCompositeFieldContainer[GoogleMapsResult]
    is_error: bool
    signature: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., result: _Optional[_Iterable[_Union[GoogleMapsResult, _Mapping]]] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleMapsResult(_message.Message):
    __slots__ = ("places", "widget_context_token", "rest")
    PLACES_FIELD_NUMBER: _ClassVar[int]
    WIDGET_CONTEXT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    places: _containers.RepeatedCompositeFieldContainer[GoogleMapsPlace]
    widget_context_token: str
    rest: str
    def __init__(self, places: _Optional[_Iterable[_Union[GoogleMapsPlace, _Mapping]]] = ..., widget_context_token: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class GoogleMapsPlace(_message.Message):
    __slots__ = ("place_id", "name", "url", "review_snippets", "rest")
    PLACE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REVIEW_SNIPPETS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    place_id: str
    name: str
    url: str
    review_snippets: _containers.RepeatedCompositeFieldContainer[_annotation_pb2.ReviewSnippet]
    rest: str
    def __init__(self, place_id: _Optional[str] = ..., name: _Optional[str] = ..., url: _Optional[str] = ..., review_snippets: _Optional[_Iterable[_Union[_annotation_pb2.ReviewSnippet, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class FileSearchCallStep(_message.Message):
    __slots__ = ("id", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class FileSearchResultStep(_message.Message):
    __slots__ = ("call_id", "signature", "result", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    signature: str
    result: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., signature: _Optional[str] = ..., result: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class RetrievalCallStep(_message.Message):
    __slots__ = ("id", "arguments", "retrieval_type", "signature", "rest")
    ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    RETRIEVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    id: str
    arguments: SearchArguments
    retrieval_type: str
    signature: str
    rest: str
    def __init__(self, id: _Optional[str] = ..., arguments: _Optional[_Union[SearchArguments, _Mapping]] = ..., retrieval_type: _Optional[str] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class RetrievalResultStep(_message.Message):
    __slots__ = ("call_id", "is_error", "signature", "rest")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    is_error: bool
    signature: str
    rest: str
    def __init__(self, call_id: _Optional[str] = ..., is_error: _Optional[bool] = ..., signature: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
