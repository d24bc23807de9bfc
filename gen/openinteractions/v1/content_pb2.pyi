from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import annotation_pb2 as _annotation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Content(_message.Message):
    __slots__ = ("text", "image", "audio", "video", "document", "other")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    text: TextContent
    image: ImageContent
    audio: AudioContent
    video: VideoContent
    document: DocumentContent
    other: str
    def __init__(self, text: _Optional[_Union[TextContent, _Mapping]] = ..., image: _Optional[_Union[ImageContent, _Mapping]] = ..., audio: _Optional[_Union[AudioContent, _Mapping]] = ..., video: _Optional[_Union[VideoContent, _Mapping]] = ..., document: _Optional[_Union[DocumentContent, _Mapping]] = ..., other: _Optional[str] = ...) -> None: ...

class ContentList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Content]
    def __init__(self, items: _Optional[_Iterable[_Union[Content, _Mapping]]] = ...) -> None: ...

class TextContent(_message.Message):
    __slots__ = ("text", "annotations", "rest")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    text: str
    annotations: _containers.RepeatedCompositeFieldContainer[_annotation_pb2.Annotation]
    rest: str
    def __init__(self, text: _Optional[str] = ..., annotations: _Optional[_Iterable[_Union[_annotation_pb2.Annotation, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class ImageContent(_message.Message):
    __slots__ = ("data", "uri", "mime_type", "resolution", "rest")
    DATA_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    uri: str
    mime_type: str
    resolution: str
    rest: str
    def __init__(self, data: _Optional[bytes] = ..., uri: _Optional[str] = ..., mime_type: _Optional[str] = ..., resolution: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class AudioContent(_message.Message):
    __slots__ = ("data", "uri", "mime_type", "channels", "sample_rate", "rest")
    DATA_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    uri: str
    mime_type: str
    channels: int
    sample_rate: int
    rest: str
    def __init__(self, data: _Optional[bytes] = ..., uri: _Optional[str] = ..., mime_type: _Optional[str] = ..., channels: _Optional[int] = ..., sample_rate: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class VideoContent(_message.Message):
    __slots__ = ("data", "uri", "mime_type", "resolution", "name", "processing", "rest")
    DATA_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    uri: str
    mime_type: str
    resolution: str
    name: str
    processing: VideoProcessing
    rest: str
    def __init__(self, data: _Optional[bytes] = ..., uri: _Optional[str] = ..., mime_type: _Optional[str] = ..., resolution: _Optional[str] = ..., name: _Optional[str] = ..., processing: _Optional[_Union[VideoProcessing, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class VideoProcessing(_message.Message):
    __slots__ = ("mode", "settings")
    MODE_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    mode: str
    settings: VideoProcessingSettings
    def __init__(self, mode: _Optional[str] = ..., settings: _Optional[_Union[VideoProcessingSettings, _Mapping]] = ...) -> None: ...

class VideoProcessingSettings(_message.Message):
    __slots__ = ("type", "fps", "start_offset", "end_offset", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    fps: float
    start_offset: str
    end_offset: str
    rest: str
    def __init__(self, type: _Optional[str] = ..., fps: _Optional[float] = ..., start_offset: _Optional[str] = ..., end_offset: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class DocumentContent(_message.Message):
    __slots__ = ("data", "uri", "mime_type", "rest")
    DATA_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    uri: str
    mime_type: str
    rest: str
    def __init__(self, data: _Optional[bytes] = ..., uri: _Optional[str] = ..., mime_type: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
