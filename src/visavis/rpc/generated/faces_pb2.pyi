from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Box(_message.Message):
    __slots__ = ("x1", "y1", "x2", "y2")
    X1_FIELD_NUMBER: _ClassVar[int]
    Y1_FIELD_NUMBER: _ClassVar[int]
    X2_FIELD_NUMBER: _ClassVar[int]
    Y2_FIELD_NUMBER: _ClassVar[int]
    x1: float
    y1: float
    x2: float
    y2: float
    def __init__(self, x1: _Optional[float] = ..., y1: _Optional[float] = ..., x2: _Optional[float] = ..., y2: _Optional[float] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class Points(_message.Message):
    __slots__ = ("eye_left", "eye_right", "nose", "mouth_left", "mouth_right")
    EYE_LEFT_FIELD_NUMBER: _ClassVar[int]
    EYE_RIGHT_FIELD_NUMBER: _ClassVar[int]
    NOSE_FIELD_NUMBER: _ClassVar[int]
    MOUTH_LEFT_FIELD_NUMBER: _ClassVar[int]
    MOUTH_RIGHT_FIELD_NUMBER: _ClassVar[int]
    eye_left: Point
    eye_right: Point
    nose: Point
    mouth_left: Point
    mouth_right: Point
    def __init__(self, eye_left: _Optional[_Union[Point, _Mapping]] = ..., eye_right: _Optional[_Union[Point, _Mapping]] = ..., nose: _Optional[_Union[Point, _Mapping]] = ..., mouth_left: _Optional[_Union[Point, _Mapping]] = ..., mouth_right: _Optional[_Union[Point, _Mapping]] = ...) -> None: ...

class Pose(_message.Message):
    __slots__ = ("yaw", "pitch", "roll")
    YAW_FIELD_NUMBER: _ClassVar[int]
    PITCH_FIELD_NUMBER: _ClassVar[int]
    ROLL_FIELD_NUMBER: _ClassVar[int]
    yaw: float
    pitch: float
    roll: float
    def __init__(self, yaw: _Optional[float] = ..., pitch: _Optional[float] = ..., roll: _Optional[float] = ...) -> None: ...

class Quality(_message.Message):
    __slots__ = ("overall", "sharpness", "brightness", "contrast", "size", "pose", "occlusion")
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    SHARPNESS_FIELD_NUMBER: _ClassVar[int]
    BRIGHTNESS_FIELD_NUMBER: _ClassVar[int]
    CONTRAST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    OCCLUSION_FIELD_NUMBER: _ClassVar[int]
    overall: float
    sharpness: float
    brightness: float
    contrast: float
    size: float
    pose: float
    occlusion: float
    def __init__(self, overall: _Optional[float] = ..., sharpness: _Optional[float] = ..., brightness: _Optional[float] = ..., contrast: _Optional[float] = ..., size: _Optional[float] = ..., pose: _Optional[float] = ..., occlusion: _Optional[float] = ...) -> None: ...

class Expression(_message.Message):
    __slots__ = ("eye_left_open", "eye_right_open", "mouth_open", "smile", "gaze")
    EYE_LEFT_OPEN_FIELD_NUMBER: _ClassVar[int]
    EYE_RIGHT_OPEN_FIELD_NUMBER: _ClassVar[int]
    MOUTH_OPEN_FIELD_NUMBER: _ClassVar[int]
    SMILE_FIELD_NUMBER: _ClassVar[int]
    GAZE_FIELD_NUMBER: _ClassVar[int]
    eye_left_open: float
    eye_right_open: float
    mouth_open: float
    smile: float
    gaze: float
    def __init__(self, eye_left_open: _Optional[float] = ..., eye_right_open: _Optional[float] = ..., mouth_open: _Optional[float] = ..., smile: _Optional[float] = ..., gaze: _Optional[float] = ...) -> None: ...

class Head(_message.Message):
    __slots__ = ("name", "version", "unknown_below", "classes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_BELOW_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    unknown_below: float
    classes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., unknown_below: _Optional[float] = ..., classes: _Optional[_Iterable[str]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("head", "probabilities")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    head: str
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, head: _Optional[str] = ..., probabilities: _Optional[_Iterable[float]] = ...) -> None: ...

class Face(_message.Message):
    __slots__ = ("box", "score", "points", "mesh", "mesh_score", "embedding", "pose", "quality", "expression", "answers", "reasons")
    BOX_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    MESH_FIELD_NUMBER: _ClassVar[int]
    MESH_SCORE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    box: Box
    score: float
    points: Points
    mesh: _containers.RepeatedScalarFieldContainer[float]
    mesh_score: float
    embedding: _containers.RepeatedScalarFieldContainer[float]
    pose: Pose
    quality: Quality
    expression: Expression
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, box: _Optional[_Union[Box, _Mapping]] = ..., score: _Optional[float] = ..., points: _Optional[_Union[Points, _Mapping]] = ..., mesh: _Optional[_Iterable[float]] = ..., mesh_score: _Optional[float] = ..., embedding: _Optional[_Iterable[float]] = ..., pose: _Optional[_Union[Pose, _Mapping]] = ..., quality: _Optional[_Union[Quality, _Mapping]] = ..., expression: _Optional[_Union[Expression, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class Parts(_message.Message):
    __slots__ = ("mesh", "mesh_scores", "embedding_size", "pose", "quality", "expression")
    MESH_FIELD_NUMBER: _ClassVar[int]
    MESH_SCORES_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_SIZE_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    mesh: bool
    mesh_scores: bool
    embedding_size: int
    pose: bool
    quality: bool
    expression: bool
    def __init__(self, mesh: _Optional[bool] = ..., mesh_scores: _Optional[bool] = ..., embedding_size: _Optional[int] = ..., pose: _Optional[bool] = ..., quality: _Optional[bool] = ..., expression: _Optional[bool] = ...) -> None: ...

class Faces(_message.Message):
    __slots__ = ("faces", "parts", "heads")
    FACES_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    HEADS_FIELD_NUMBER: _ClassVar[int]
    faces: _containers.RepeatedCompositeFieldContainer[Face]
    parts: Parts
    heads: _containers.RepeatedCompositeFieldContainer[Head]
    def __init__(self, faces: _Optional[_Iterable[_Union[Face, _Mapping]]] = ..., parts: _Optional[_Union[Parts, _Mapping]] = ..., heads: _Optional[_Iterable[_Union[Head, _Mapping]]] = ...) -> None: ...

class Analysis(_message.Message):
    __slots__ = ("name", "sha256", "width", "height", "faces", "pack", "embedder", "took_ms", "annotated")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_FIELD_NUMBER: _ClassVar[int]
    TOOK_MS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATED_FIELD_NUMBER: _ClassVar[int]
    name: str
    sha256: str
    width: int
    height: int
    faces: Faces
    pack: str
    embedder: str
    took_ms: float
    annotated: bytes
    def __init__(self, name: _Optional[str] = ..., sha256: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., faces: _Optional[_Union[Faces, _Mapping]] = ..., pack: _Optional[str] = ..., embedder: _Optional[str] = ..., took_ms: _Optional[float] = ..., annotated: _Optional[bytes] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("name", "category", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    category: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., category: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
