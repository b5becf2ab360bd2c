"""Who is on a picture, as HTML: names over the faces, and beside it how sure that is.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from visavis.entry.web.copies import Copies
from visavis.entry.web.fields import act, select
from visavis.entry.web.markup import LABEL_PERCENT
from visavis.entry.web.people_words import NOT_CHECKED, figure, one_in, page_of, sureness
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.words import count
from visavis.store.collections import Collection
from visavis.usecases.faces import Box
from visavis.usecases.recognised import Identification, Match, Recognised
from visavis.usecases.subject_profiles import Known

TARGETS = {"0.01": "1 in 100", "0.001": "1 in 1,000", "0.0001": "1 in 10,000"}
"""How often somebody who is not enrolled may be named."""

UNKNOWN = "Unknown"
_OTHERS = 3
"""Further people that are told of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is said of one picture.

    Attributes:
        found: As recognition answers.
        copies: To show it.
        known: Those it speaks of, by id.
        may_add: Whether who looks may enrol somebody.
    """

    found: Identification
    copies: Copies
    known: Mapping[str, Known]
    may_add: bool

    def name(self, subject_id: str) -> str:
        """Return what to call somebody; text."""
        known = self.known.get(subject_id)
        return called(known) if known else "Somebody"

    def named(self, face: Recognised) -> str:
        """Return who a face is; text."""
        return self.name(face.match.subject_id) if face.match else UNKNOWN


def choices(collections: Sequence[Collection], target: str, collection: str) -> str:
    """Return what can be chosen about a search.

    Args:
        collections: What there is to search.
        target: What is chosen of `TARGETS`.
        collection: Id of the collection that is searched.
    """
    drawn = select("target", "Strangers may be named", TARGETS.items(), target)
    if collections:
        options = [("", "Your own people"), *((each.id, each.name) for each in collections)]
        drawn += select("collection", "Search in", options, collection)
    return drawn


def stage(seen: Seen) -> str:
    """Return the picture with a box and a name for each face."""
    copies = seen.copies
    boxes = "".join(
        box(face.face.box, copies, i, seen.named(face), is_known=face.match is not None)
        for i, face in enumerate(seen.found.faces)
    )
    alt = escape(heading(seen))
    return (
        f'<img src="{copies.view}" alt="{alt}" width="{copies.width}" height="{copies.height}">'
        f'<div class="vv-overlay">{boxes}</div>'
    )


def box(place: Box, copies: Copies, index: int, name: str = "", *, is_known: bool = True) -> str:
    """Return the frame of a face, in percent of the picture so that it follows any size."""
    across, down = 100 / copies.width, 100 / copies.height
    x1, y1, x2, y2 = place[0] * across, place[1] * down, place[2] * across, place[3] * down
    kinds = "vv-box vp-named" + (" vv-box-top" if y1 < LABEL_PERCENT else "")
    kinds += "" if is_known else " vp-unknown"
    label = f"<span>{escape(name)}</span>" if name else ""
    return (
        f'<button type="button" tabindex="-1" aria-hidden="true" data-face="{index}" '
        f'class="{kinds}" style="left:{x1:.3f}%;top:{y1:.3f}%;width:{x2 - x1:.3f}%;'
        f'height:{y2 - y1:.3f}%">{label}</button>'
    )


def heading(seen: Seen) -> str:
    """Say in a few words who is there; text."""
    faces = seen.found.faces
    if not faces:
        return "No face found"
    names = [seen.named(face) for face in faces if face.match]
    unknown = len(faces) - len(names)
    told = names[:3] + ([f"{len(names) - 3} more"] if names[3:] else [])
    if unknown:
        told.append(f"{unknown} unknown" if names else "Nobody who is enrolled")
    return " and ".join([", ".join(told[:-1]), told[-1]]) if told[1:] else told[0]


def faces(seen: Seen) -> str:
    """Return the list of faces, each a button that opens what the numbers say."""
    return "".join(_face(seen, i) for i in range(len(seen.found.faces)))


def _face(seen: Seen, i: int) -> str:
    face, alone = seen.found.faces[i], len(seen.found.faces) == 1
    told = _gist(seen, face)
    enrol = act("enrol", "Enrol…", str(i), f"face {i + 1}", "vv-button")
    add = enrol if seen.may_add and not face.match else ""
    return (
        f'<li><button type="button" class="vv-face" data-face="{i}" '
        f'aria-expanded="{str(alone).lower()}" aria-controls="vv-about-{i}">'
        f'<img class="vv-crop" src="{seen.copies.faces[i]}" alt="">'
        f"<span><strong>{escape(seen.named(face))}</strong><span>{told}</span></span>"
        '<span class="vv-chevron" aria-hidden="true"></span></button>'
        f'<dl class="vv-about" id="vv-about-{i}"{"" if alone else " hidden"}>'
        f"{''.join(f'<dt>{term}</dt><dd>{said}</dd>' for term, said in _facts(seen, face))}</dl>"
        f"{add}</li>"
    )


def _gist(seen: Seen, face: Recognised) -> str:
    if face.match:
        return sureness(face.match.fpir, seen.found.target_fpir).capitalize()
    return "Nobody here is alike enough" if face.candidates else "Nobody is enrolled yet"


def _facts(seen: Seen, face: Recognised) -> Iterator[tuple[str, str]]:
    """Yield what the numbers say of a face."""
    if face.match:
        best = face.match
        yield "Person", f'<a href="{page_of(best.subject_id)}">{escape(seen.named(face))}</a>'
        yield "Wrong", f"for {one_in(best.fpir)} strangers <small>FPIR {figure(best.fpir)}</small>"
    if face.candidates:
        best = face.candidates[0]
        who = "" if face.match else f"{escape(seen.name(best.subject_id))}: "
        yield ("Alike" if face.match else "Nearest"), who + _numbers(best)
    for other in face.candidates[1 : 1 + _OTHERS]:
        name = escape(seen.name(other.subject_id))
        yield "Then", f"{name}: {other.similarity:.2f} <small>FMR {figure(other.fmr)}</small>"
    reasons = ", ".join(reason.value.replace("_", " ") for reason in face.face.reasons)
    if reasons:
        yield "Picture", f"weak: {escape(reasons)}"


def _numbers(match: Match) -> str:
    return (
        f"{match.similarity:.2f} <small>as alike as {one_in(match.fmr)} pairs of strangers, FMR "
        f"{figure(match.fmr)}</small>"
    )


def facts(seen: Seen) -> str:
    """Return what holds for the whole picture."""
    found = seen.found
    searched = count(found.gallery, "template")
    return (
        f'<p class="vv-facts">{searched} searched; named from a similarity of '
        f"{found.threshold:.2f}. {NOT_CHECKED}</p>"
    )
