"""Which operations there are, what each takes, and who may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from visavis.credentials.roles import Permission
from visavis.entry.http_api.dialects.rekognition import (
    collections,
    detection,
    faces,
    search,
    shapes,
    users,
)
from visavis.entry.http_api.dialects.rekognition.desk import Desk
from visavis.entry.http_api.dialects.rekognition.traits import Json

READ, WRITE, ERASE = Permission.PEOPLE_READ, Permission.PEOPLE_WRITE, Permission.PEOPLE_ERASE
RECOGNISE, ANALYSE = Permission.RECOGNISE, Permission.ANALYSE


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the service.

    Attributes:
        needs: All that the caller has to be allowed.
        asked: The shape of its parameters.
        act: Does it and returns the members of the answer.
    """

    needs: tuple[Permission, ...]
    asked: type[shapes.Shape]
    act: Callable[[Desk, Any], Json]


OFFERED: Mapping[str, Operation] = MappingProxyType(
    {
        "DetectFaces": Operation((ANALYSE,), shapes.DetectFaces, detection.detect),
        "CompareFaces": Operation((RECOGNISE,), shapes.CompareFaces, detection.compare),
        "CreateCollection": Operation((WRITE,), shapes.CreateCollection, collections.create),
        "DescribeCollection": Operation((READ,), shapes.OfCollection, collections.describe),
        "ListCollections": Operation((READ,), shapes.ListCollections, collections.listing),
        "DeleteCollection": Operation((ERASE,), shapes.OfCollection, collections.delete),
        "IndexFaces": Operation((WRITE, READ), shapes.IndexFaces, faces.index),
        "ListFaces": Operation((READ,), shapes.ListFaces, faces.listing),
        "DeleteFaces": Operation((WRITE, READ), shapes.DeleteFaces, faces.delete),
        "SearchFaces": Operation((RECOGNISE, READ), shapes.SearchFaces, search.faces),
        "SearchFacesByImage": Operation(
            (RECOGNISE,), shapes.SearchFacesByImage, search.faces_by_image
        ),
        "CreateUser": Operation((WRITE, READ), shapes.OfUser, users.create),
        "DeleteUser": Operation((WRITE, READ, ERASE), shapes.OfUser, users.delete),
        "ListUsers": Operation((READ,), shapes.ListUsers, users.listing),
        "AssociateFaces": Operation(
            (WRITE, READ, RECOGNISE), shapes.AssociateFaces, users.associate
        ),
        "DisassociateFaces": Operation((WRITE, READ), shapes.DisassociateFaces, users.disassociate),
        "SearchUsers": Operation((RECOGNISE, READ), shapes.SearchUsers, search.users),
        "SearchUsersByImage": Operation(
            (RECOGNISE, READ), shapes.SearchUsersByImage, search.users_by_image
        ),
    }
)

_REST = """
    CopyProjectVersion CreateDataset CreateFaceLivenessSession CreateProject
    CreateProjectVersion CreateStreamProcessor DeleteDataset DeleteProject DeleteProjectPolicy
    DeleteProjectVersion DeleteStreamProcessor DescribeDataset DescribeProjectVersions
    DescribeProjects DescribeStreamProcessor DetectCustomLabels DetectLabels
    DetectModerationLabels DetectProtectiveEquipment DetectText DistributeDatasetEntries
    GetCelebrityInfo GetCelebrityRecognition GetContentModeration GetFaceDetection
    GetFaceLivenessSessionResults GetFaceSearch GetLabelDetection GetMediaAnalysisJob
    GetPersonTracking GetSegmentDetection GetTextDetection ListDatasetEntries ListDatasetLabels
    ListMediaAnalysisJobs ListProjectPolicies ListStreamProcessors ListTagsForResource
    PutProjectPolicy RecognizeCelebrities StartCelebrityRecognition StartContentModeration
    StartFaceDetection StartFaceSearch StartLabelDetection StartMediaAnalysisJob
    StartPersonTracking StartProjectVersion StartSegmentDetection StartStreamProcessor
    StartTextDetection StopProjectVersion StopStreamProcessor TagResource UntagResource
    UpdateDatasetEntries UpdateStreamProcessor
"""
NOT_OFFERED = frozenset(_REST.split())
"""What the service can beside that: with texts, labels, videos, streams, models of one's own."""
