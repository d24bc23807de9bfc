from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from openinteractions.v1 import tool_pb2 as _tool_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerationConfig(_message.Message):
    __slots__ = ("temperature", "top_p", "seed", "max_output_tokens", "stop_sequences", "thinking_level", "thinking_summaries", "tool_choice", "speech_config", "image_config", "video_config", "transcription_config", "presence_penalty", "frequency_penalty", "top_k", "rest")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    STOP_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    THINKING_LEVEL_FIELD_NUMBER: _ClassVar[int]
    THINKING_SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    TOOL_CHOICE_FIELD_NUMBER: _ClassVar[int]
    SPEECH_CONFIG_FIELD_NUMBER: _ClassVar[int]
    IMAGE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    VIDEO_CONFIG_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPTION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_PENALTY_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_PENALTY_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    top_p: float
    seed: int
    max_output_tokens: int
    stop_sequences: _containers.RepeatedScalarFieldContainer[str]
    thinking_level: str
    thinking_summaries: str
    tool_choice: _tool_pb2.ToolChoice
    speech_config: SpeechConfig
    image_config: ImageConfig
    video_config: VideoConfig
    transcription_config: TranscriptionConfig
    presence_penalty: float
    frequency_penalty: float
    top_k: int
    rest: str
    def __init__(self, temperature: _Optional[float] = ..., top_p: _Optional[float] = ..., seed: _Optional[int] = ..., max_output_tokens: _Optional[int] = ..., stop_sequences: _Optional[_Iterable[str]] = ..., thinking_level: _Optional[str] = ..., thinking_summaries: _Optional[str] = ..., tool_choice: _Optional[_Union[_tool_pb2.ToolChoice, _Mapping]] = ..., speech_config: _Optional[_Union[SpeechConfig, _Mapping]] = ..., image_config: _Optional[_Union[ImageConfig, _Mapping]] = ..., video_config: _Optional[_Union[VideoConfig, _Mapping]] = ..., transcription_config: _Optional[_Union[TranscriptionConfig, _Mapping]] = ..., presence_penalty: _Optional[float] = ..., frequency_penalty: _Optional[float] = ..., top_k: _Optional[int] = ..., rest: _Optional[str] = ...) -> None: ...

class SpeechConfig(_message.Message):
    __slots__ = ("list", "settings")
    LIST_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    list: SpeakerConfigList
    settings: SpeechSettings
    def __init__(self, list: _Optional[_Union[SpeakerConfigList, _Mapping]] = ..., settings: _Optional[_Union[SpeechSettings, _Mapping]] = ...) -> None: ...

class SpeakerConfigList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[SpeakerConfig]
    def __init__(self, items: _Optional[_Iterable[_Union[SpeakerConfig, _Mapping]]] = ...) -> None: ...

class SpeechSettings(_message.Message):
    __slots__ = ("speakers", "rest")
    SPEAKERS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    speakers: _containers.RepeatedCompositeFieldContainer[SpeakerConfig]
    rest: str
    def __init__(self, speakers: _Optional[_Iterable[_Union[SpeakerConfig, _Mapping]]] = ..., rest: _Optional[str] = ...) -> None: ...

class SpeakerConfig(_message.Message):
    __slots__ = ("voice", "language", "speaker", "rest")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    voice: str
    language: str
    speaker: str
    rest: str
    def __init__(self, voice: _Optional[str] = ..., language: _Optional[str] = ..., speaker: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ImageConfig(_message.Message):
    __slots__ = ("aspect_ratio", "image_size", "rest")
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    IMAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    aspect_ratio: str
    image_size: str
    rest: str
    def __init__(self, aspect_ratio: _Optional[str] = ..., image_size: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class VideoConfig(_message.Message):
    __slots__ = ("task", "rest")
    TASK_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    task: str
    rest: str
    def __init__(self, task: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class TranscriptionConfig(_message.Message):
    __slots__ = ("language_codes", "custom_vocabulary", "mode", "adaptation_phrases", "language_hints", "diarization_mode", "timestamp_granularities", "rest")
    LANGUAGE_CODES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_VOCABULARY_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ADAPTATION_PHRASES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_HINTS_FIELD_NUMBER: _ClassVar[int]
    DIARIZATION_MODE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_GRANULARITIES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    language_codes: _containers.RepeatedScalarFieldContainer[str]
    custom_vocabulary: _containers.RepeatedScalarFieldContainer[str]
    mode: TranscriptionMode
    adaptation_phrases: _containers.RepeatedScalarFieldContainer[str]
    language_hints: _containers.RepeatedScalarFieldContainer[str]
    diarization_mode: str
    timestamp_granularities: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, language_codes: _Optional[_Iterable[str]] = ..., custom_vocabulary: _Optional[_Iterable[str]] = ..., mode: _Optional[_Union[TranscriptionMode, _Mapping]] = ..., adaptation_phrases: _Optional[_Iterable[str]] = ..., language_hints: _Optional[_Iterable[str]] = ..., diarization_mode: _Optional[str] = ..., timestamp_granularities: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class TranscriptionMode(_message.Message):
    __slots__ = ("mode", "settings")
    MODE_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    mode: str
    settings: TranscriptionModeSettings
    def __init__(self, mode: _Optional[str] = ..., settings: _Optional[_Union[TranscriptionModeSettings, _Mapping]] = ...) -> None: ...

class TranscriptionModeSettings(_message.Message):
    __slots__ = ("type", "diarization_mode", "timestamp_granularities", "source_text", "rest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DIARIZATION_MODE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_GRANULARITIES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TEXT_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    type: str
    diarization_mode: str
    timestamp_granularities: _containers.RepeatedScalarFieldContainer[str]
    source_text: str
    rest: str
    def __init__(self, type: _Optional[str] = ..., diarization_mode: _Optional[str] = ..., timestamp_granularities: _Optional[_Iterable[str]] = ..., source_text: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
