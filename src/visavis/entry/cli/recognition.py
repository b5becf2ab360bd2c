"""`visavis enroll|recognize|verify`: pictures of people who are known, and who they are."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.purposes import Purpose
from visavis.entry.cli.console import BAD_INPUT, Roof, complain, printable, say
from visavis.entry.cli.opening import Data, Json, User, acting_for, print_json, settings_of

if TYPE_CHECKING:
    from visavis.core.types import Source
    from visavis.entry.services import People, Records, Services
    from visavis.usecases.actor import Actor
    from visavis.usecases.enrolment import Enrolled
    from visavis.usecases.recognised import Identification, Match, Verification
    from visavis.usecases.subject_profiles import Known

Whom = Annotated[
    str,
    typer.Option(metavar="REFERENCE", help="Your own name or number for the person."),
]
Where = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The collection they are in. (default: people who are in none)",
        show_default=False,
    ),
]
Pictures = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Pictures, folders (recursive) or globs.")
]


def enroll(
    ctx: typer.Context,
    paths: Pictures,
    reference: Whom,
    purpose: Annotated[
        Purpose, typer.Option(help="What for; see the privacy rules.")
    ] = Purpose.RECOGNITION,
    any_quality: Annotated[
        bool, typer.Option("--any-quality", help="Take faces that are not good enough, too.")
    ] = False,
    any_likeness: Annotated[
        bool, typer.Option("--any-likeness", help="Take faces that look like somebody else, too.")
    ] = False,
    collection: Where = "",
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Seal a template of the one face on each picture.

    The pictures are not kept, unless the privacy rules say so.

    The person has to have consented: see the page Privacy, or `POST /api/v1/subjects` and
    `/consents`. Whom nobody knows yet is made with their first picture where the privacy rules
    say that consent was obtained elsewhere. A picture that cannot be used is told and does not
    stop the others. Exit code 2 when none could be used.
    """
    told = []
    anyhow: dict[str, Any] = {"any_quality": any_quality, "any_likeness": any_likeness}
    with _opened(ctx, data, user) as desk:
        known = desk.subject_or_newcomer(reference, collection)

        def act(source: "Source") -> "Enrolled":
            nonlocal known
            if known is None:
                known, made = desk.introduced(source, reference, collection, **anyhow)
                return made
            enroll = desk.people.enrolment.enroll
            return enroll(desk.actor, known.id, source, purpose=purpose, **anyhow)

        for name, outcome in desk.each(paths, act):
            told.append(_enrolled(name, outcome, say_it=not json))
    if json:
        print_json({"subject_id": known.id if known else None, "results": told})
    _end(told)


def recognize(
    ctx: typer.Context,
    paths: Pictures,
    top: Annotated[int, typer.Option(help="Most candidates a face, 1 to 50.")] = 5,
    target_fpir: Annotated[
        float, typer.Option(help="How often somebody who is not enrolled may be named.")
    ] = 1e-3,
    collection: Where = "",
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Tell who is on each picture, with how sure that is; or `unknown`."""
    told = []
    with _opened(ctx, data, user) as desk:
        where = desk.collection(collection)
        for name, outcome in desk.each(
            paths,
            lambda source: desk.people.recognition.recognize(
                desk.actor, source, top=top, target_fpir=target_fpir, collection=where
            ),
        ):
            told.append(_recognised(desk, name, outcome, say_it=not json))
    if json:
        print_json({"results": told})
    _end(told)


def verify(
    ctx: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A picture with one face.")],
    other: Annotated[
        str, typer.Argument(metavar="[OTHER]", help="Another picture, instead of --reference.")
    ] = "",
    reference: Whom = "",
    target_fmr: Annotated[
        float, typer.Option(help="How often a stranger may be taken for the person.")
    ] = 1e-4,
    collection: Where = "",
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Tell whether a picture shows somebody who is known, or the same person as another picture.

    Exit code 0 for a match, 1 for none.
    """
    from visavis.core.errors import InvalidInput

    if bool(other) == bool(reference):
        raise InvalidInput("name one person with --reference, or give a second picture")
    with _opened(ctx, data, user) as desk:
        recognition, actor = desk.people.recognition, desk.actor
        if other:
            pair = _source(Path(path)), _source(Path(other))
            found = recognition.compare(actor, *pair, target_fmr=target_fmr)
        else:
            subject = desk.subject(reference, collection)
            source = _source(Path(path))
            found = recognition.verify(actor, subject.id, source, target_fmr=target_fmr)
    _tell_verified(found, json=json)
    raise typer.Exit(0 if found.decision == "match" else 1)


@dataclass(frozen=True)
class _Desk:
    """What a command works with."""

    services: "Services"
    records: "Records"
    people: "People"
    actor: "Actor"

    def each(self, paths: list[str], act: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        """Do something with every picture; yield what came of it, or the error."""
        from visavis.core.errors import VisavisError
        from visavis.entry.cli.inputs import gather

        for item in gather(paths):
            try:
                yield item.name, act(_source(item.path))
            except VisavisError as exc:
                yield item.name, exc

    def collection(self, name: str) -> str:
        """Return the id of the collection that somebody names; empty = no collection."""
        return self.records.collections.find(self.actor, name).id if name else ""

    def subject(self, reference: str, collection: str) -> "Known":
        """Return who of a collection has a reference."""
        where = self.collection(collection)
        return self.records.subjects.find_by_reference(self.actor, reference, collection=where)

    def subject_or_newcomer(self, reference: str, collection: str) -> "Known | None":
        """Return who has a reference; None where nobody has and somebody may be made."""
        from visavis.usecases.errors import ConsentMissing, NotFound

        try:
            return self.subject(reference, collection)
        except NotFound as unknown:
            try:
                self.people.introductions.check(self.actor)
            except ConsentMissing:
                raise unknown from None
            return None

    def introduced(
        self,
        source: "Source",
        reference: str,
        collection: str,
        **anyhow: Any,  # noqa: ANN401
    ) -> "tuple[Known, Enrolled]":
        """Make somebody and enrol the one face of their first picture."""
        from visavis.usecases.faces import look, the_one

        return self.people.introductions.introduce(
            self.actor,
            the_one(look(self.services.analyses, source)),
            reference=reference,
            collection=self.collection(collection),
            picture=source,
            **anyhow,
        )

    def called(self, match: "Match") -> str:
        """Return what somebody is called."""
        known = self.records.subjects.find(self.actor, match.subject_id)
        return known.reference or known.name or known.id


@contextmanager
def _opened(ctx: typer.Context, data: Path | None, user: str) -> Iterator[_Desk]:
    roof: Roof = ctx.obj
    settings = settings_of(data)
    with closing(roof.records(settings)) as records:
        actor = acting_for(records, user)
        services = roof.build(settings)
        try:
            yield _Desk(services, records, roof.people(services, records), actor)
        finally:
            services.analyses.close()


def _source(path: Path) -> "Source":
    from visavis.core.types import Source

    return Source(path.name, path.read_bytes())


def _enrolled(name: str, outcome: Any, *, say_it: bool) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(outcome, Exception):
        return _failed(name, outcome)
    if say_it:
        say(f"{printable(name)}: enrolled (quality {outcome.face.quality or 0:.0f})")
    return {
        "name": name,
        "template_id": outcome.template_id,
        "quality": outcome.face.quality,
        "lookalikes": [asdict(each) for each in outcome.lookalikes],
    }


def _recognised(desk: _Desk, name: str, outcome: Any, *, say_it: bool) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(outcome, Exception):
        return _failed(name, outcome)
    found: Identification = outcome
    faces = [
        {
            "box": face.face.box,
            "decision": face.decision.value,
            "match": desk.called(face.match) if face.match else None,
            "candidates": [asdict(each) for each in face.candidates],
            "margin": face.margin,
        }
        for face in found.faces
    ]
    if say_it:
        who = ", ".join(str(face["match"] or "unknown") for face in faces) or "no face"
        typer.echo(f"{printable(name)}: {printable(who)}")
    told = {"name": name, "faces": faces, "gallery": found.gallery, "threshold": found.threshold}
    return told | {"target_fpir": found.target_fpir, "liveness": found.liveness.value}


def _failed(name: str, error: Exception) -> dict[str, Any]:
    complain(f"{name}: {error}")
    return {"name": name, "error": str(error)}


def _end(told: list[dict[str, Any]]) -> None:
    """End with an error where no picture could be used."""
    if all("error" in each for each in told):
        raise typer.Exit(BAD_INPUT)


def _tell_verified(found: "Verification", *, json: bool) -> None:
    if json:
        shown = ("similarity", "fmr", "target_fmr", "threshold", "embedder")
        told = {name: getattr(found, name) for name in shown}
        print_json({"decision": found.decision.value, **told, "liveness": found.liveness.value})
        return
    if found.similarity is None or found.fmr is None:
        say("there is no template to compare with")
        return
    sure = f"similarity {found.similarity:.3f}, FMR {found.fmr:.1e}"
    typer.echo(f"{found.decision.value} ({sure}; match from {found.threshold:.3f})")
