from visavis.rpc.generated import faces_pb2 as _faces_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Search(_message.Message):
    __slots__ = ("purpose", "top", "target_fpir", "collection")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    TARGET_FPIR_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    purpose: str
    top: int
    target_fpir: float
    collection: str
    def __init__(self, purpose: _Optional[str] = ..., top: _Optional[int] = ..., target_fpir: _Optional[float] = ..., collection: _Optional[str] = ...) -> None: ...

class RecognizeRequest(_message.Message):
    __slots__ = ("image", "search")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    image: bytes
    search: Search
    def __init__(self, image: _Optional[bytes] = ..., search: _Optional[_Union[Search, _Mapping]] = ...) -> None: ...

class IdentifyRequest(_message.Message):
    __slots__ = ("image", "search", "box")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    image: bytes
    search: Search
    box: _faces_pb2.Box
    def __init__(self, image: _Optional[bytes] = ..., search: _Optional[_Union[Search, _Mapping]] = ..., box: _Optional[_Union[_faces_pb2.Box, _Mapping]] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("image", "subject_id", "other_image", "purpose", "target_fmr", "box")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_IMAGE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FMR_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    image: bytes
    subject_id: str
    other_image: bytes
    purpose: str
    target_fmr: float
    box: _faces_pb2.Box
    def __init__(self, image: _Optional[bytes] = ..., subject_id: _Optional[str] = ..., other_image: _Optional[bytes] = ..., purpose: _Optional[str] = ..., target_fmr: _Optional[float] = ..., box: _Optional[_Union[_faces_pb2.Box, _Mapping]] = ...) -> None: ...

class SeenFace(_message.Message):
    __slots__ = ("face_index", "box", "score", "quality", "reasons")
    FACE_INDEX_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    face_index: int
    box: _faces_pb2.Box
    score: float
    quality: float
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, face_index: _Optional[int] = ..., box: _Optional[_Union[_faces_pb2.Box, _Mapping]] = ..., score: _Optional[float] = ..., quality: _Optional[float] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("subject_id", "reference", "name", "template_id", "similarity", "fmr", "fpir")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    FMR_FIELD_NUMBER: _ClassVar[int]
    FPIR_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    reference: str
    name: str
    template_id: str
    similarity: float
    fmr: float
    fpir: float
    def __init__(self, subject_id: _Optional[str] = ..., reference: _Optional[str] = ..., name: _Optional[str] = ..., template_id: _Optional[str] = ..., similarity: _Optional[float] = ..., fmr: _Optional[float] = ..., fpir: _Optional[float] = ...) -> None: ...

class RecognisedFace(_message.Message):
    __slots__ = ("face", "decision", "match", "candidates", "margin")
    FACE_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    face: SeenFace
    decision: str
    match: Candidate
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    margin: float
    def __init__(self, face: _Optional[_Union[SeenFace, _Mapping]] = ..., decision: _Optional[str] = ..., match: _Optional[_Union[Candidate, _Mapping]] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., margin: _Optional[float] = ...) -> None: ...

class Identification(_message.Message):
    __slots__ = ("faces", "gallery", "target_fpir", "threshold", "embedder", "liveness")
    FACES_FIELD_NUMBER: _ClassVar[int]
    GALLERY_FIELD_NUMBER: _ClassVar[int]
    TARGET_FPIR_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_FIELD_NUMBER: _ClassVar[int]
    faces: _containers.RepeatedCompositeFieldContainer[RecognisedFace]
    gallery: int
    target_fpir: float
    threshold: float
    embedder: str
    liveness: str
    def __init__(self, faces: _Optional[_Iterable[_Union[RecognisedFace, _Mapping]]] = ..., gallery: _Optional[int] = ..., target_fpir: _Optional[float] = ..., threshold: _Optional[float] = ..., embedder: _Optional[str] = ..., liveness: _Optional[str] = ...) -> None: ...

class Verification(_message.Message):
    __slots__ = ("decision", "similarity", "fmr", "target_fmr", "threshold", "face", "other", "embedder", "liveness")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    FMR_FIELD_NUMBER: _ClassVar[int]
    TARGET_FMR_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_FIELD_NUMBER: _ClassVar[int]
    decision: str
    similarity: float
    fmr: float
    target_fmr: float
    threshold: float
    face: SeenFace
    other: SeenFace
    embedder: str
    liveness: str
    def __init__(self, decision: _Optional[str] = ..., similarity: _Optional[float] = ..., fmr: _Optional[float] = ..., target_fmr: _Optional[float] = ..., threshold: _Optional[float] = ..., face: _Optional[_Union[SeenFace, _Mapping]] = ..., other: _Optional[_Union[SeenFace, _Mapping]] = ..., embedder: _Optional[str] = ..., liveness: _Optional[str] = ...) -> None: ...
