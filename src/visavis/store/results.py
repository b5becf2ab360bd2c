"""Results: which pictures of a tenant were analysed, and what was said of their faces.

A picture has one result, whoever sends it and how often: its SHA-256 is the result's name. What is
personal lies sealed in blobs; rows hold what searching needs.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select

from visavis.store.page import DEFAULT, MOST, Page, check_limit
from visavis.store.repository import Repository, columns_of, new_id
from visavis.store.tables.results import result_faces, results

SCORE_PARTS = 10_000
"""A score of 1 in a row."""

SEALED = "application/vnd.visavis.result"
"""Media type of the files of results, all of which are sealed."""

OF_RESULT = "result"
"""What needs such a file; which one, the picture's SHA-256 says."""


@dataclass(frozen=True, slots=True)
class ResultFace:
    """What searching knows of a face.

    Attributes:
        face_index: Which of the picture's.
        score: Of the detector, ten-thousandths.
        age: Years; None = nobody asked.
        gender: A class of the head, or `unknown`; None = nobody asked.
        emotion: As `gender`.
        smile: Whether it smiles; None = nobody asked, or it cannot be told.
    """

    face_index: int
    score: int
    age: int | None = None
    gender: str | None = None
    emotion: str | None = None
    smile: bool | None = None


@dataclass(frozen=True, slots=True)
class NewResult:
    """A result to be kept.

    Attributes:
        width: Of the upright picture, pixels.
        height: As `width`.
        pack: Name of the weights.
        features: What was asked for, sorted.
        faces: What was found, best score first.
        picture: SHA-256 of the blob of the clean picture, sealed.
        annotated: Of that of the annotated one.
        document: Of that of the JSON.
        job_id: Which job made it; empty = none.
        batch_id: Which batch that was part of; empty = none.
    """

    width: int
    height: int
    pack: str
    features: tuple[str, ...]
    faces: tuple[ResultFace, ...]
    picture: str
    annotated: str
    document: str
    job_id: str = ""
    batch_id: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found on a picture.

    Attributes:
        tenant_id: Whose.
        sha256: Of the picture as it came in, lower-case hex; also its name.
        id: Its own: another one each time the picture is analysed anew.
        job_id: Which job made it; empty = none.
        batch_id: Which batch that was part of; empty = none.
        created_at: When it was made.
        width: Of the upright picture, pixels.
        height: As `width`.
        faces: How many there are.
        pack: Name of the weights.
        features: What was asked for, sorted.
        picture: SHA-256 of the blob of the clean picture, sealed.
        annotated: Of that of the annotated one.
        document: Of that of the JSON.
    """

    tenant_id: str
    sha256: str
    id: str
    job_id: str
    batch_id: str
    created_at: datetime
    width: int
    height: int
    faces: int
    pack: str
    features: tuple[str, ...]
    picture: str
    annotated: str
    document: str

    @property
    def blobs(self) -> tuple[str, str, str]:
        """The blobs that it needs."""
        return self.picture, self.annotated, self.document


@dataclass(frozen=True, slots=True)
class Sought:
    """Which results are looked for; what is None or empty does not matter.

    What is said of a face has to be true of one and the same face.

    Attributes:
        since: Made at this time or later.
        until: Made before this time.
        least_faces: At least so many faces.
        most_faces: At most so many.
        job_id: Made by this job.
        batch_id: Of this batch.
        least_score: A face of at least this score, ten-thousandths.
        youngest: A face of at least this age, years.
        oldest: Of at most this age.
        gender: Of this gender.
        emotion: With this emotion.
        smile: That smiles, or does not.
    """

    since: datetime | None = None
    until: datetime | None = None
    least_faces: int | None = None
    most_faces: int | None = None
    job_id: str = ""
    batch_id: str = ""
    least_score: int | None = None
    youngest: int | None = None
    oldest: int | None = None
    gender: str = ""
    emotion: str = ""
    smile: bool | None = None


EVERYTHING = Sought()


class Results(Repository):
    """The results of a tenant."""

    def add(self, tenant_id: str, sha256: str, new: NewResult, now: datetime) -> Result:
        """Keep the result of a picture that has none.

        Raises:
            AlreadyThere: it has one.
        """
        result = Result(
            tenant_id=tenant_id,
            sha256=sha256,
            id=new_id(),
            job_id=new.job_id,
            batch_id=new.batch_id,
            created_at=now,
            width=new.width,
            height=new.height,
            faces=len(new.faces),
            pack=new.pack,
            features=new.features,
            picture=new.picture,
            annotated=new.annotated,
            document=new.document,
        )
        self._insert(results, result)
        whose = {"tenant_id": tenant_id, "sha256": sha256}
        if rows := [whose | columns_of(face) for face in new.faces]:
            self._run_all(insert(result_faces), rows)
        return result

    def find(self, tenant_id: str, sha256: str) -> Result | None:
        """Return the result of a picture."""
        row = self._one(select(results).where(_is(tenant_id, sha256)))
        return Result(**row) if row else None

    def faces(self, tenant_id: str, sha256: str) -> tuple[ResultFace, ...]:
        """Return what searching knows of a picture's faces, in their order."""
        wanted = select(result_faces).where(
            result_faces.c.tenant_id == tenant_id, result_faces.c.sha256 == sha256
        )
        names = ("face_index", "score", "age", "gender", "emotion", "smile")
        rows = self._all(wanted.order_by(result_faces.c.face_index))
        return tuple(ResultFace(*(row[name] for name in names)) for row in rows)

    def page(
        self,
        tenant_id: str,
        sought: Sought = EVERYTHING,
        limit: int = DEFAULT,
        cursor: str | None = None,
    ) -> Page[Result]:
        """Return a part of the results that are looked for, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        wanted = select(results).where(*_matching(tenant_id, sought))
        return self._page(wanted, (results.c.created_at, results.c.id), Result, limit, cursor)

    def count(self, tenant_id: str, sought: Sought = EVERYTHING) -> int:
        """Return how many results match."""
        found = select(func.count()).select_from(results).where(*_matching(tenant_id, sought))
        return int(self._value(found))

    def features(self, tenant_id: str, sought: Sought = EVERYTHING) -> frozenset[str]:
        """Return all that was asked for of any of the results that match."""
        lists = select(results.c.features).where(*_matching(tenant_id, sought)).distinct()
        return frozenset(name for row in self._all(lists) for name in row["features"])

    def beside(
        self, tenant_id: str, sha256: str, sought: Sought = EVERYTHING
    ) -> tuple[str | None, str | None]:
        """Return the names of the next newer and the next older result among those that match."""
        here = self.find(tenant_id, sha256)
        if here is None:
            return None, None
        at, own = results.c.created_at, results.c.id
        newer = or_(at > here.created_at, and_(at == here.created_at, own > here.id))
        older = or_(at < here.created_at, and_(at == here.created_at, own < here.id))
        wanted = select(results.c.sha256).where(*_matching(tenant_id, sought)).limit(1)
        return (
            self._value(wanted.where(newer).order_by(at, own)),
            self._value(wanted.where(older).order_by(at.desc(), own.desc())),
        )

    def before(self, tenant_id: str, before: datetime, limit: int = MOST) -> tuple[Result, ...]:
        """Return some results that were made before a time, oldest first."""
        old = select(results).where(results.c.tenant_id == tenant_id, results.c.created_at < before)
        oldest = old.order_by(results.c.created_at, results.c.id).limit(check_limit(limit))
        return tuple(Result(**row) for row in self._all(oldest))

    def remove(self, tenant_id: str, sha256: str) -> bool:
        """Remove the result of a picture, with its faces."""
        return self._changed(delete(results).where(_is(tenant_id, sha256))) > 0


def _is(tenant_id: str, sha256: str) -> ColumnElement[bool]:
    return (results.c.tenant_id == tenant_id) & (results.c.sha256 == sha256)


def _matching(tenant_id: str, sought: Sought) -> list[ColumnElement[bool]]:
    """Return the conditions of results that are looked for."""
    bounds = (
        (results.c.created_at.__ge__, sought.since),
        (results.c.created_at.__lt__, sought.until),
        (results.c.faces.__ge__, sought.least_faces),
        (results.c.faces.__le__, sought.most_faces),
        (results.c.job_id.__eq__, sought.job_id or None),
        (results.c.batch_id.__eq__, sought.batch_id or None),
    )
    wanted = [results.c.tenant_id == tenant_id]
    wanted += [compare(bound) for compare, bound in bounds if bound is not None]
    if of_face := _of_face(sought):
        same = (result_faces.c.tenant_id == results.c.tenant_id) & (
            result_faces.c.sha256 == results.c.sha256
        )
        wanted.append(exists(select(result_faces.c.sha256).where(same, *of_face)))
    return wanted


def _of_face(sought: Sought) -> list[ColumnElement[bool]]:
    """Return the conditions of a face that is looked for; none where any picture will do."""
    bounds = (
        (result_faces.c.score.__ge__, sought.least_score),
        (result_faces.c.age.__ge__, sought.youngest),
        (result_faces.c.age.__le__, sought.oldest),
        (result_faces.c.gender.__eq__, sought.gender or None),
        (result_faces.c.emotion.__eq__, sought.emotion or None),
        (result_faces.c.smile.is_, sought.smile),
    )
    return [compare(bound) for compare, bound in bounds if bound is not None]
