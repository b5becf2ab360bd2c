"""Loose faces: enrolled for themselves, each of somebody who is called nothing yet.

Programs that index a picture do not say whose its faces are. Each gets a subject of its own, so
that it has a key of its own, a consent of its own and can be erased by itself. Once somebody says
whose face it is, the template moves there, and who was called nothing is erased.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.store.sealed import TEMPLATE
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.comparing import cosines
from visavis.usecases.erasure import Erasure, Reason, Spared
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.faces import Face
from visavis.usecases.ground import Ground
from visavis.usecases.introductions import Introductions
from visavis.usecases.merging import Merging
from visavis.usecases.seen import Seen
from visavis.usecases.subject_profiles import Profile, known, subject_of
from visavis.usecases.template_copies import with_copies
from visavis.usecases.templates import Template, Templates


class LooseFaces:
    """Enrols, gives away and removes faces of people who are called nothing.

    Args:
        ground: Of the deployment.
        introductions: Enrols somebody new.
        templates: Opens and removes templates.
        merging: Moves them.
        erasure: Erases whoever is left without a face and a name.
    """

    def __init__(
        self,
        ground: Ground,
        introductions: Introductions,
        templates: Templates,
        merging: Merging,
        erasure: Erasure,
    ) -> None:
        self._ground = ground
        self._introductions = introductions
        self._templates, self._merging, self._erasure = templates, merging, erasure

    def add(
        self, actor: Actor, faces: Sequence[tuple[Face, Seen]], collection: str, picture: Source
    ) -> tuple[str, ...]:
        """Enrol faces of a picture, each for itself: all of them, or none.

        Args:
            actor: Who enrols.
            faces: Which, and what is noted of each. Whoever calls this has judged their quality.
            collection: Id of the collection they are in.
            picture: What they are on; kept only where the tenant keeps pictures.

        Returns:
            Ids of the templates, in the order of the faces.

        Raises:
            VisavisError: as for `Introductions.introduce`; no face is kept then.
        """
        made: list[tuple[str, str]] = []
        with self._taken_back(actor, (subject_id for subject_id, _ in made)):
            for face, seen in faces:
                somebody, enrolled = self._introductions.introduce(
                    actor,
                    face,
                    collection=collection,
                    any_quality=True,
                    any_likeness=True,
                    seen=seen,
                    picture=picture,
                )
                made.append((somebody.id, enrolled.template_id))
        return tuple(template_id for _, template_id in made)

    def remove(self, actor: Actor, template_id: str, subject_id: str) -> None:
        """Remove a template; whoever has neither name nor another face is erased with it.

        Raises:
            NotFound: there is none of this id, or it is somebody else's.
        """
        actor.require(Permission.PEOPLE_WRITE)
        if not self._erased(actor, subject_id, frozenset({template_id})):
            self._templates.remove(actor, template_id, subject_id)

    def give(self, actor: Actor, template_ids: Collection[str], to_subject_id: str) -> None:
        """Say whose faces are; those whom they leave without a name and a face are erased.

        Raises:
            VisavisError: as for `Merging.move`; nothing moves then.
        """
        owners = {each.subject_id for each in self._templates.some(actor, template_ids).values()}
        self._merging.move(actor, template_ids, to_subject_id)
        for subject_id in sorted(owners - {to_subject_id}):
            self._erased(actor, subject_id, frozenset())

    def free(self, actor: Actor, template_ids: Iterable[str], subject_id: str) -> None:
        """Take faces from whose they were said to be: each is somebody's who is called nothing.

        They agreed to what was agreed to before, and are as old.

        Args:
            actor: Who does it.
            template_ids: Which.
            subject_id: Whose they were said to be.

        Raises:
            VisavisError: as for `Merging.free`; those before are free then.
        """
        for template_id in template_ids:
            self._merging.free(actor, template_id, subject_id)

    def leave(self, actor: Actor, subject_id: str) -> None:
        """Take from somebody who is about to be erased all faces that may stay without them.

        A face that nobody agrees to keep any more goes with whose it is.

        Raises:
            NotFound: there is no such subject, or they were erased.
        """
        for face in self._templates.page(actor, subject_id):
            with suppress(ConsentMissing, NotFound):  # a copy went along with its face
                self._merging.free(actor, face.id, subject_id)

    def with_faces(self, actor: Actor, subject_ids: Collection[str]) -> frozenset[str]:
        """Return which of some subjects have a face."""
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            return work.templates.owners(actor.tenant_id, subject_ids)

    def likeness(
        self, actor: Actor, template_id: str, owner_id: str, subject_id: str
    ) -> float | None:
        """Return how like a face is to a subject's nearest one; None where they have none.

        Args:
            actor: Who asks.
            template_id: The face.
            owner_id: Whose it is now.
            subject_id: Whom it is compared with.

        Raises:
            NotFound: there is no such template or subject.
            ConsentMissing: a rule does not allow it; the message says which.
        """
        owned = self._opened(actor, owner_id)
        face = next((each for each in owned if each.id == template_id), None)
        if face is None:
            raise NotFound("template")
        theirs = self._opened(actor, subject_id)
        others = [each.vector for each in theirs if each.embedder == face.embedder]
        return float(cosines(face.vector[None], np.stack(others)).max()) if others else None

    def _opened(self, actor: Actor, subject_id: str) -> list[Template]:
        return self._templates.unseal(
            actor, subject_id, purpose=Purpose.RECOGNITION, comparison=Comparison.ONE_TO_ONE
        )

    @contextmanager
    def _taken_back(self, actor: Actor, subject_ids: Iterable[str]) -> Iterator[None]:
        """Erase those who were made where what follows fails."""
        try:
            yield
        except BaseException:
            for subject_id in subject_ids:
                self._erasure.erase_for(actor.tenant_id, subject_id, actor.id, Reason.OTHER)
            raise

    def _erased(self, actor: Actor, subject_id: str, but: frozenset[str]) -> bool:
        """Erase somebody who is called nothing and has no templates but these; False = spared."""
        ids, ring = (actor.tenant_id, subject_id), self._ground.keyring

        def still(work: Work) -> bool:
            theirs = work.sealed.of_subject(*ids, TEMPLATE)
            if len(with_copies(theirs, but)) < len(theirs):
                return False
            return known(ring, work, subject_of(work, *ids)).profile == Profile()

        try:
            self._erasure.erase_for(*ids, actor.id, Reason.OTHER, still)
        except Spared:
            return False
        return True
