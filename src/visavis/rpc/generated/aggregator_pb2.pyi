from visavis.rpc.generated import faces_pb2 as _faces_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PartResult(_message.Message):
    __slots__ = ("tenant_id", "job_id", "part", "analysis")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    job_id: str
    part: str
    analysis: _faces_pb2.Analysis
    def __init__(self, tenant_id: _Optional[str] = ..., job_id: _Optional[str] = ..., part: _Optional[str] = ..., analysis: _Optional[_Union[_faces_pb2.Analysis, _Mapping]] = ...) -> None: ...

class Collected(_message.Message):
    __slots__ = ("is_complete",)
    IS_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    is_complete: bool
    def __init__(self, is_complete: _Optional[bool] = ...) -> None: ...
