from google.api import field_behavior_pb2 as _field_behavior_pb2
from openinteractions.json.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RetrievalTool(_message.Message):
    __slots__ = ("retrieval_types", "vertex_ai_search_config", "rag_store_config", "exa_ai_search_config", "parallel_ai_search_config", "rest")
    RETRIEVAL_TYPES_FIELD_NUMBER: _ClassVar[int]
    VERTEX_AI_SEARCH_CONFIG_FIELD_NUMBER: _ClassVar[int]
    RAG_STORE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    EXA_AI_SEARCH_CONFIG_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_AI_SEARCH_CONFIG_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    retrieval_types: _containers.RepeatedScalarFieldContainer[str]
    vertex_ai_search_config: VertexAiSearchConfig
    rag_store_config: RagStoreConfig
    exa_ai_search_config: ExternalSearchConfig
    parallel_ai_search_config: ExternalSearchConfig
    rest: str
    def __init__(self, retrieval_types: _Optional[_Iterable[str]] = ..., vertex_ai_search_config: _Optional[_Union[VertexAiSearchConfig, _Mapping]] = ..., rag_store_config: _Optional[_Union[RagStoreConfig, _Mapping]] = ..., exa_ai_search_config: _Optional[_Union[ExternalSearchConfig, _Mapping]] = ..., parallel_ai_search_config: _Optional[_Union[ExternalSearchConfig, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class VertexAiSearchConfig(_message.Message):
    __slots__ = ("engine", "datastores", "rest")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DATASTORES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    engine: str
    datastores: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, engine: _Optional[str] = ..., datastores: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class RagStoreConfig(_message.Message):
    __slots__ = ("rag_resources", "rag_retrieval_config", "similarity_top_k", "vector_distance_threshold", "rest")
    RAG_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    RAG_RETRIEVAL_CONFIG_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_TOP_K_FIELD_NUMBER: _ClassVar[int]
    VECTOR_DISTANCE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    rag_resources: _containers.RepeatedCompositeFieldContainer[RagResource]
    rag_retrieval_config: RagRetrievalConfig
    similarity_top_k: int
    vector_distance_threshold: float
    rest: str
    def __init__(self, rag_resources: _Optional[_Iterable[_Union[RagResource, _Mapping]]] = ..., rag_retrieval_config: _Optional[_Union[RagRetrievalConfig, _Mapping]] = ..., similarity_top_k: _Optional[int] = ..., vector_distance_threshold: _Optional[float] = ..., rest: _Optional[str] = ...) -> None: ...

class RagResource(_message.Message):
    __slots__ = ("rag_corpus", "rag_file_ids", "rest")
    RAG_CORPUS_FIELD_NUMBER: _ClassVar[int]
    RAG_FILE_IDS_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    rag_corpus: str
    rag_file_ids: _containers.RepeatedScalarFieldContainer[str]
    rest: str
    def __init__(self, rag_corpus: _Optional[str] = ..., rag_file_ids: _Optional[_Iterable[str]] = ..., rest: _Optional[str] = ...) -> None: ...

class RagRetrievalConfig(_message.Message):
    __slots__ = ("top_k", "filter", "hybrid_search", "ranking", "rest")
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    HYBRID_SEARCH_FIELD_NUMBER: _ClassVar[int]
    RANKING_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    top_k: int
    filter: RagFilter
    hybrid_search: RagHybridSearch
    ranking: RagRanking
    rest: str
    def __init__(self, top_k: _Optional[int] = ..., filter: _Optional[_Union[RagFilter, _Mapping]] = ..., hybrid_search: _Optional[_Union[RagHybridSearch, _Mapping]] = ..., ranking: _Optional[_Union[RagRanking, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class RagFilter(_message.Message):
    __slots__ = ("metadata_filter", "vector_distance_threshold", "vector_similarity_threshold", "rest")
    METADATA_FILTER_FIELD_NUMBER: _ClassVar[int]
    VECTOR_DISTANCE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    VECTOR_SIMILARITY_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    metadata_filter: str
    vector_distance_threshold: float
    vector_similarity_threshold: float
    rest: str
    def __init__(self, metadata_filter: _Optional[str] = ..., vector_distance_threshold: _Optional[float] = ..., vector_similarity_threshold: _Optional[float] = ..., rest: _Optional[str] = ...) -> None: ...

class RagHybridSearch(_message.Message):
    __slots__ = ("alpha", "rest")
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    alpha: float
    rest: str
    def __init__(self, alpha: _Optional[float] = ..., rest: _Optional[str] = ...) -> None: ...

class RagRanking(_message.Message):
    __slots__ = ("ranking_config", "model_name", "rank_service", "rest")
    RANKING_CONFIG_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    RANK_SERVICE_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    ranking_config: str
    model_name: str
    rank_service: RagRankService
    rest: str
    def __init__(self, ranking_config: _Optional[str] = ..., model_name: _Optional[str] = ..., rank_service: _Optional[_Union[RagRankService, _Mapping]] = ..., rest: _Optional[str] = ...) -> None: ...

class RagRankService(_message.Message):
    __slots__ = ("model_name", "rest")
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    model_name: str
    rest: str
    def __init__(self, model_name: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...

class ExternalSearchConfig(_message.Message):
    __slots__ = ("api_key", "custom_config", "rest")
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    api_key: str
    custom_config: str
    rest: str
    def __init__(self, api_key: _Optional[str] = ..., custom_config: _Optional[str] = ..., rest: _Optional[str] = ...) -> None: ...
