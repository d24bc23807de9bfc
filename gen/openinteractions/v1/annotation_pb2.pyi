from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Annotation(_message.Message):
    __slots__ = ("url_citation", "file_citation", "place_citation", "word_info", "speech_metadata", "other")
    URL_CITATION_FIELD_NUMBER: _ClassVar[int]
    FILE_CITATION_FIELD_NUMBER: _ClassVar[int]
    PLACE_CITATION_FIELD_NUMBER: _ClassVar[int]
    WORD_INFO_FIELD_NUMBER: _ClassVar[int]
    SPEECH_METADATA_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    url_citation: UrlCitation
    file_citation: FileCitation
    place_citation: PlaceCitation
    word_info: WordInfo
    speech_metadata: SpeechMetadata
    other: str
    def __init__(self, url_citation: _Optional[_Union[UrlCitation, _Mapping]] = ..., file_citation: _Optional[_Union[FileCitation, _Mapping]] = ..., place_citation: _Optional[_Union[PlaceCitation, _Mapping]] = ..., word_info: _Optional[_Union[WordInfo, _Mapping]] = ..., speech_metadata: _Optional[_Union[SpeechMetadata, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class UrlCitation(_message.Message):
    __slots__ = ("url", "title", "start_index", "end_index", "rest")
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    url: str
    title: str
    start_index: int
    end_index: int
    rest: str
    def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class FileCitation(_message.Message):
    __slots__ = ("document_uri", "file_name", "source", "start_index", "end_index", "custom_metadata", "media_id", "page_number", "rest")
    DOCUMENT_URI_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_METADATA_FIELD_NUMBER: _ClassVar[int]
    MEDIA_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    document_uri: str
    file_name: str
    source: str
    start_index: int
    end_index: int
    custom_metadata: str
    media_id: str
    page_number: int
    rest: str
    def __init__(self, document_uri: _Optional[str] = ..., file_name: _Optional[str] = ..., source: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., custom_metadata: _Optional[str] = ..., media_id: _Optional[str] = ..., page_number: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class PlaceCitation(_message.Message):
    __slots__ = ("place_id", "name", "url", "review_snippets", "start_index", "end_index", "rest")
    PLACE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REVIEW_SNIPPETS_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    place_id: str
    name: str
    url: str
    review_snippets: _containers.RepeatedCompositeFieldContainer[ReviewSnippet]
    start_index: int
    end_index: int
    rest: str
    def __init__(self, place_id: _Optional[str] = ..., name: _Optional[str] = ..., url: _Optional[str] = ..., review_snippets: _Optional[_Iterable[_Union[ReviewSnippet, _Mapping]]] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class ReviewSnippet(_message.Message):
    __slots__ = ("review_id", "title", "url", "rest")
    REVIEW_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    review_id: str
    title: str
    url: str
    rest: str
    def __init__(self, review_id: _Optional[str] = ..., title: _Optional[str] = ..., url: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class WordInfo(_message.Message):
    __slots__ = ("text", "start_offset", "end_offset", "speaker", "start_index", "end_index", "rest")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_offset: str
    end_offset: str
    speaker: str
    start_index: int
    end_index: int
    rest: str
    def __init__(self, text: _Optional[str] = ..., start_offset: _Optional[str] = ..., end_offset: _Optional[str] = ..., speaker: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class SpeechMetadata(_message.Message):
    __slots__ = ("speaker", "style", "start_index", "end_index", "rest")
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    speaker: str
    style: str
    start_index: int
    end_index: int
    rest: str
    def __init__(self, speaker: _Optional[str] = ..., style: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...
