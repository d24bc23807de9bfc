from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResponseFormats(_message.Message):
    __slots__ = ("single", "list")
    SINGLE_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    single: ResponseFormat
    list: ResponseFormatList
    def __init__(self, single: _Optional[_Union[ResponseFormat, _Mapping]] = ..., list: _Optional[_Union[ResponseFormatList, _Mapping]] = ...) -> None: ...

class ResponseFormatList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ResponseFormat]
    def __init__(self, items: _Optional[_Iterable[_Union[ResponseFormat, _Mapping]]] = ...) -> None: ...

class ResponseFormat(_message.Message):
    __slots__ = ("text", "image", "audio", "video", "bare_schema")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    BARE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    text: TextFormat
    image: ImageFormat
    audio: AudioFormat
    video: VideoFormat
    bare_schema: str
    def __init__(self, text: _Optional[_Union[TextFormat, _Mapping]] = ..., image: _Optional[_Union[ImageFormat, _Mapping]] = ..., audio: _Optional[_Union[AudioFormat, _Mapping]] = ..., video: _Optional[_Union[VideoFormat, _Mapping]] = ..., bare_schema: _Optional[str] = ...) -> None: ...

class TextFormat(_message.Message):
    __slots__ = ("mime_type", "schema", "rest")
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    mime_type: str
    schema: str
    rest: str
    def __init__(self, mime_type: _Optional[str] = ..., schema: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ImageFormat(_message.Message):
    __slots__ = ("mime_type", "aspect_ratio", "image_size", "delivery", "rest")
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    IMAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    mime_type: str
    aspect_ratio: str
    image_size: str
    delivery: str
    rest: str
    def __init__(self, mime_type: _Optional[str] = ..., aspect_ratio: _Optional[str] = ..., image_size: _Optional[str] = ..., delivery: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class AudioFormat(_message.Message):
    __slots__ = ("mime_type", "sample_rate", "bit_rate", "delivery", "rest")
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    BIT_RATE_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    mime_type: str
    sample_rate: int
    bit_rate: int
    delivery: str
    rest: str
    def __init__(self, mime_type: _Optional[str] = ..., sample_rate: _Optional[int] = ..., bit_rate: _Optional[int] = ..., delivery: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class VideoFormat(_message.Message):
    __slots__ = ("aspect_ratio", "resolution", "duration", "delivery", "gcs_uri", "rest")
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    GCS_URI_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    aspect_ratio: str
    resolution: str
    duration: str
    delivery: str
    gcs_uri: str
    rest: str
    def __init__(self, aspect_ratio: _Optional[str] = ..., resolution: _Optional[str] = ..., duration: _Optional[str] = ..., delivery: _Optional[str] = ..., gcs_uri: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
