"""`Recognition`: who somebody is."""

import math
from collections.abc import Mapping
from typing import Any

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.grpc_api.access import RECOGNISE
from visavis.entry.grpc_api.calls import Call, Method
from visavis.entry.grpc_api.recognised import identification, verification
from visavis.entry.services import People, Records
from visavis.rpc.generated import recognition_pb2 as pb
from visavis.rpc.generated.faces_pb2 import Box as BoxMessage
from visavis.usecases import recognised
from visavis.usecases.actor import Actor
from visavis.usecases.collections import MAIN
from visavis.usecases.faces import Box
from visavis.usecases.recognition import DEFAULT_FMR, DEFAULT_FPIR, DEFAULT_TOP, MOST_TOP


class Recognition:
    """Serves `Recognition`; safe to use from several threads.

    Args:
        records: Knows what people are called.
        people: Tells who they are.
    """

    def __init__(self, records: Records, people: People) -> None:
        self._records = records
        self._recognition = people.recognition

    def methods(self) -> Mapping[str, Method]:
        """Return how each method is served."""
        return {
            "Recognize": Method(RECOGNISE, self._recognize),
            "Identify": Method(RECOGNISE, self._identify),
            "Verify": Method(RECOGNISE, self._verify),
        }

    def _recognize(self, call: Call, request: pb.RecognizeRequest) -> pb.Identification:
        actor, source = call.caller.person(), _picture(request.image)
        found = self._recognition.recognize(actor, source, **self._sought(actor, request.search))
        return self._told(actor, found)

    def _identify(self, call: Call, request: pb.IdentifyRequest) -> pb.Identification:
        actor, source = call.caller.person(), _picture(request.image)
        box = _box(request.box) if request.HasField("box") else None
        sought = self._sought(actor, request.search)
        return self._told(actor, self._recognition.identify(actor, source, box=box, **sought))

    def _verify(self, call: Call, request: pb.VerifyRequest) -> pb.Verification:
        actor, source = call.caller.person(), _picture(request.image)
        fmr = request.target_fmr if request.HasField("target_fmr") else DEFAULT_FMR
        box = _box(request.box) if request.HasField("box") else None
        match request.WhichOneof("other"):
            case "subject_id":
                purpose, whom = _purpose(request.purpose), request.subject_id
                how: dict[str, Any] = {"purpose": purpose, "box": box, "target_fmr": fmr}
                found = self._recognition.verify(actor, whom, source, **how)
            case "other_image":
                if box is not None or request.purpose:
                    raise InvalidInput("box and purpose are for a subject; leave them out")
                other = _picture(request.other_image)
                found = self._recognition.compare(actor, source, other, target_fmr=fmr)
            case _:
                raise InvalidInput("send a subject_id or another picture to compare with")
        return verification(found)

    def _sought(self, actor: Actor, search: pb.Search) -> dict[str, Any]:
        """Return who is searched and how sure it has to be, as the use case takes it.

        Raises:
            InvalidInput: a word or number is none that means anything.
            NotFound: there is no such collection.
        """
        top = search.top if search.HasField("top") else DEFAULT_TOP
        if not 1 <= top <= MOST_TOP:
            raise InvalidInput(f"ask for 1 to {MOST_TOP} candidates, not {top}")
        fpir = search.target_fpir if search.HasField("target_fpir") else DEFAULT_FPIR
        collection = MAIN
        if search.HasField("collection"):
            collection = self._records.collections.find(actor, search.collection).id
        purpose = _purpose(search.purpose)
        return {"purpose": purpose, "top": top, "target_fpir": fpir, "collection": collection}

    def _told(self, actor: Actor, found: recognised.Identification) -> pb.Identification:
        ids = {each.subject_id for face in found.faces for each in face.candidates}
        may = actor.may(Permission.PEOPLE_READ)
        return identification(found, self._records.subjects.some(actor, ids) if may else {})


def _picture(data: bytes) -> Source:
    return Source("picture", data)


def _purpose(word: str) -> Purpose:
    if not word:
        return Purpose.RECOGNITION
    if word not in set(Purpose):
        raise InvalidInput(f"there is no purpose {word[:50]!r}; choose from {', '.join(Purpose)}")
    return Purpose(word)


def _box(box: BoxMessage) -> Box:
    sides = box.x1, box.y1, box.x2, box.y2
    if not all(map(math.isfinite, sides)) or box.x1 >= box.x2 or box.y1 >= box.y2:
        raise InvalidInput("a box is x1, y1, x2, y2 with x1 < x2 and y1 < y2")
    return sides
