from visavis.rpc.generated import faces_pb2 as _faces_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("pack", "embedder", "version", "max_image_bytes")
    PACK_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_IMAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    pack: str
    embedder: str
    version: str
    max_image_bytes: int
    def __init__(self, pack: _Optional[str] = ..., embedder: _Optional[str] = ..., version: _Optional[str] = ..., max_image_bytes: _Optional[int] = ...) -> None: ...

class AnalyzeRequest(_message.Message):
    __slots__ = ("name", "image", "features", "annotate", "whole")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ANNOTATE_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    image: bytes
    features: _containers.RepeatedScalarFieldContainer[str]
    annotate: bool
    whole: bool
    def __init__(self, name: _Optional[str] = ..., image: _Optional[bytes] = ..., features: _Optional[_Iterable[str]] = ..., annotate: _Optional[bool] = ..., whole: _Optional[bool] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("analysis",)
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    analysis: _faces_pb2.Analysis
    def __init__(self, analysis: _Optional[_Union[_faces_pb2.Analysis, _Mapping]] = ...) -> None: ...

class AnalyzeStreamRequest(_message.Message):
    __slots__ = ("id", "picture")
    ID_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    id: str
    picture: AnalyzeRequest
    def __init__(self, id: _Optional[str] = ..., picture: _Optional[_Union[AnalyzeRequest, _Mapping]] = ...) -> None: ...

class AnalyzeStreamResponse(_message.Message):
    __slots__ = ("id", "analysis", "failure")
    ID_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    id: str
    analysis: _faces_pb2.Analysis
    failure: _faces_pb2.Failure
    def __init__(self, id: _Optional[str] = ..., analysis: _Optional[_Union[_faces_pb2.Analysis, _Mapping]] = ..., failure: _Optional[_Union[_faces_pb2.Failure, _Mapping]] = ...) -> None: ...
