"""What clients may ask for, member by member, as Rekognition's service model says."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

MOST_LISTED = 1000
"""Items of a list when nobody says how many."""

MATCH, ASSOCIATE = 80.0, 75.0
"""Thresholds when nobody says which, percent."""

_FACE_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

CollectionId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.\-]+$", min_length=1, max_length=255)]
ExternalImageId = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9_.\-:]+$", min_length=1, max_length=255)
]
UserId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.\-:]+$", min_length=1, max_length=128)]
FaceId = Annotated[str, Field(pattern=_FACE_ID)]
Token = Annotated[str, Field(pattern=r"^[a-zA-Z0-9\-_]+$", min_length=1, max_length=64)]
NextToken = Annotated[str, Field(max_length=255)]
Percent = Annotated[float, Field(ge=0, le=100)]
Listed = Annotated[int, Field(ge=0, le=4096)]
Matches = Annotated[int, Field(ge=1, le=4096)]
Users = Annotated[int, Field(ge=1, le=500)]
Attributes = list[
    Literal[
        "DEFAULT",
        "ALL",
        "AGE_RANGE",
        "BEARD",
        "EMOTIONS",
        "EYE_DIRECTION",
        "EYEGLASSES",
        "EYES_OPEN",
        "GENDER",
        "MOUTH_OPEN",
        "MUSTACHE",
        "FACE_OCCLUDED",
        "SMILE",
        "SUNGLASSES",
    ]
]
QualityFilter = Literal["NONE", "AUTO", "LOW", "MEDIUM", "HIGH"]


class Shape(BaseModel):
    """Base of all shapes: members begin with a capital, unknown ones are refused."""

    model_config = ConfigDict(
        alias_generator=to_pascal, extra="forbid", frozen=True, hide_input_in_errors=True
    )


class S3Object(Shape):
    """A file in a bucket; nothing is fetched from there."""

    bucket: Annotated[str, Field(max_length=255)] = ""
    name: Annotated[str, Field(max_length=1024)] = ""
    version: Annotated[str, Field(max_length=1024)] = ""


class Image(Shape):
    """A picture: its bytes in base64."""

    bytes: str | None = Field(None, repr=False)
    s3_object: S3Object | None = None


class DetectFaces(Shape):
    """Describe the faces of a picture."""

    image: Image
    attributes: Attributes = []


class CompareFaces(Shape):
    """Compare the largest face of one picture with all of another one."""

    source_image: Image
    target_image: Image
    similarity_threshold: Percent = MATCH
    quality_filter: QualityFilter = "NONE"


class CreateCollection(Shape):
    """Make a collection."""

    collection_id: CollectionId
    tags: dict[str, str] = {}


class OfCollection(Shape):
    """Do something with one collection."""

    collection_id: CollectionId


class ListCollections(Shape):
    """List the collections."""

    next_token: NextToken | None = None
    max_results: Listed = 0


class IndexFaces(OfCollection):
    """Enrol the faces of a picture, each for itself."""

    image: Image
    external_image_id: ExternalImageId | None = None
    detection_attributes: Attributes = []
    max_faces: Annotated[int, Field(ge=1)] | None = None
    quality_filter: QualityFilter = "AUTO"


class ListFaces(OfCollection):
    """List the faces of a collection."""

    next_token: NextToken | None = None
    max_results: Listed = 0
    user_id: UserId | None = None
    face_ids: Annotated[list[FaceId], Field(min_length=1, max_length=4096)] | None = None


class DeleteFaces(OfCollection):
    """Remove faces from a collection."""

    face_ids: Annotated[list[FaceId], Field(min_length=1, max_length=4096)]


class SearchFaces(OfCollection):
    """Search a collection for a face that it holds."""

    face_id: FaceId
    max_faces: Matches = 4096
    face_match_threshold: Percent = MATCH


class SearchFacesByImage(OfCollection):
    """Search a collection for the largest face of a picture."""

    image: Image
    max_faces: Matches = 4096
    face_match_threshold: Percent = MATCH
    quality_filter: QualityFilter = "NONE"


class OfUser(OfCollection):
    """Do something with one user."""

    user_id: UserId
    client_request_token: Token | None = None


class ListUsers(OfCollection):
    """List the users of a collection."""

    max_results: Users | None = None
    next_token: NextToken | None = None


class DisassociateFaces(OfUser):
    """Take faces from a user."""

    face_ids: Annotated[list[FaceId], Field(min_length=1, max_length=100)]


class AssociateFaces(DisassociateFaces):
    """Give faces to a user."""

    user_match_threshold: Percent = ASSOCIATE


class SearchUsers(OfCollection):
    """Search the users of a collection for a user, or for a face that it holds."""

    user_id: UserId | None = None
    face_id: FaceId | None = None
    user_match_threshold: Percent = MATCH
    max_users: Users = 500


class SearchUsersByImage(OfCollection):
    """Search the users of a collection for the largest face of a picture."""

    image: Image
    user_match_threshold: Percent = MATCH
    max_users: Users = 500
    quality_filter: QualityFilter = "NONE"
