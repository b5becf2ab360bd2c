"""One part of bulk work: its pictures are read and analysed, its files written, the mark last."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from visavis.core.errors import ImageFault, InvalidInput
from visavis.core.types import Feature, Source
from visavis.usecases import bulk_tries
from visavis.usecases.analysis import Analyses, Analysis, Failure
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.usecases.bulk import DONE, JSON, PartDone, Picture, file_of, read_plan
from visavis.usecases.bulk_places import Place
from visavis.usecases.bulk_tries import Tries

ANALYSED, FAILED, SKIPPED = "analysed", "failed", "skipped"

UNREADABLE = "unreadable"
"""Category of a picture that its place does not give us."""

DEADLY = "deadly"
"""Category of a picture that ends the process that looks at it."""

AHEAD = 4
"""Pictures a worker has in hand beside the one it works on: some are read, some wait."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of one picture.

    Attributes:
        status: `analysed`, `failed` or `skipped`.
        told: What `to_dict` makes of it.
    """

    status: str
    told: dict[str, Any]


Read: TypeAlias = Callable[[Picture], bytes]
"""Returns a picture's bytes, at most one more than is allowed; raises InvalidInput where it cannot,
and Unavailable where no other picture could be read either."""

Encode: TypeAlias = Callable[[list[Entry]], Mapping[str, bytes]]
"""Returns the tables of a part by our folder."""


class PartWork:
    """Does whole parts; one after another.

    Args:
        analyses: Looks at the pictures.
        workers: Pictures that `analyses` works on at the same time.
        read: Gives their bytes.
        encode: Makes the tables.
        place: Where plan and results are.
        features: What to find beside boxes and scores.
    """

    def __init__(
        self,
        analyses: Analyses,
        workers: int,
        read: Read,
        encode: Encode,
        place: Place,
        features: Collection[Feature],
    ) -> None:
        self._analyses = analyses
        self._in_hand = workers * (1 + AHEAD)
        self._read = read
        self._encode = encode
        self._place = place
        self._features = frozenset(features)

    def do(self, part: int) -> PartDone:
        """Analyse the pictures of a part and write its files.

        Raises:
            InvalidInput: there is no such part.
            Unavailable: pictures cannot be read at all, or nothing can be written.
        """
        pictures = read_plan(self._place, part)
        tries = bulk_tries.begin(self._place, part)
        one_by_one = self._one_by_one(part, pictures, tries)
        outcomes = one_by_one if tries.careful else self._outcomes(pictures)
        entries = [self._entry(*pair) for pair in zip(pictures, outcomes, strict=True)]
        for folder, table in self._encode(entries).items():
            self._place.put(file_of(folder, part), table)
        lines = [to_json(entry.told) + b"\n" for entry in entries if entry.status == ANALYSED]
        self._place.put(file_of(JSON, part), b"".join(lines))
        done = self._mark(part, entries)
        bulk_tries.end(self._place, part)
        return done

    def _mark(self, part: int, entries: list[Entry]) -> PartDone:
        """Write down that the part is whole."""
        told: dict[str, list[dict[str, Any]]] = {ANALYSED: [], FAILED: [], SKIPPED: []}
        for entry in entries:
            told[entry.status].append(entry.told)
        pictures, faces = len(told[ANALYSED]), sum(found["num_faces"] for found in told[ANALYSED])
        skipped = [found["name"] for found in told[SKIPPED]]
        mark = {"part": part, "pictures": pictures, "faces": faces}
        mark |= {"failures": told[FAILED], "skipped": skipped}
        self._place.put(file_of(DONE, part), orjson.dumps(mark))
        return PartDone(part, pictures, faces, len(told[FAILED]), len(skipped))

    def _outcomes(self, pictures: list[Picture]) -> Iterator[Analysis | Failure]:
        """Yield what became of each picture, in order; they are read a few ahead."""
        pending: deque[Future[Analysis | Failure]] = deque()
        with ThreadPoolExecutor(self._in_hand) as pool:
            try:
                for picture in pictures:
                    pending.append(pool.submit(self._outcome, picture))
                    if len(pending) >= self._in_hand:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _one_by_one(
        self, part: int, pictures: list[Picture], tries: Tries
    ) -> Iterator[Analysis | Failure]:
        """Yield what became of each picture, in order, where one of them kills its workers."""
        for i, picture in enumerate(pictures):
            if tries.deadly(i):
                yield Failure(
                    picture.name, DEADLY, "its worker died on it every time; leave it out"
                )
            else:
                bulk_tries.alone(self._place, part, tries, i)
                yield self._outcome(picture)

    def _outcome(self, picture: Picture) -> Analysis | Failure:
        try:
            source = Source(picture.name, self._read(picture))
        except InvalidInput as exc:
            return Failure(picture.name, UNREADABLE, str(exc))
        future = self._analyses.submit(source, self._features, wait=True)
        return self._analyses.outcome(picture.name, future)

    def _entry(self, picture: Picture, outcome: Analysis | Failure) -> Entry:
        told = to_dict(outcome, self._features)
        if isinstance(outcome, Analysis):
            return Entry(ANALYSED, told)
        strange = outcome.category == ImageFault.UNSUPPORTED and not picture.chosen
        return Entry(SKIPPED if strange else FAILED, told)
