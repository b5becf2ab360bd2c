"""How the index keeps in step with the rows: each space applies what came and went since its mark.

The feed of changes is written in the same units as the templates themselves, so a space whose mark
is the end of the feed holds exactly the templates that are there; whichever process wrote them, and
whoever was killed meanwhile. A mark is set last: what is applied twice is as if it were once.

A space that knows nothing, that missed changes which are forgotten, or that is ahead of a database
put back from a backup, is built anew from the templates themselves.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import structlog

from visavis.core.errors import Unavailable, VisavisError
from visavis.index.base import Index, Space
from visavis.store.galleries import GalleryState
from visavis.store.tenants import Tenant
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_codes import CODES, Codes
from visavis.usecases.gallery_filling import Filling, Part, part_of
from visavis.usecases.ground import Ground

log = structlog.get_logger(__name__)

_Answer = TypeVar("_Answer")
_TRIES = 5


class Following:
    """Brings spaces of the index up to the rows; safe to use from several threads.

    Args:
        ground: Of the deployment.
        index: What follows.
        codes: Makes what it holds.
        is_protected: Whether that is codes; otherwise the vectors themselves.
    """

    def __init__(self, ground: Ground, index: Index, codes: Codes, *, is_protected: bool) -> None:
        self._ground, self._index, self._is_protected = ground, index, is_protected
        self.codes, self.filling = codes, Filling(ground, index, codes)
        self._guard = threading.Lock()
        self._locks: dict[Space, threading.RLock] = {}
        self._turns: dict[Space, int] = {}
        self._building: set[Space] = set()

    def ask(self, state: GalleryState, part: Part, question: Callable[[Space], _Answer]) -> _Answer:
        """Ask the space to search something, while nobody in this process builds or drops it.

        Args:
            state: What the space has to know.
            part: Of the gallery.
            question: Asks; may be called again where somebody did so meanwhile.

        Raises:
            NotFound: there is no such tenant.
            Unavailable: database or index do not answer, or others build it all the time.
        """
        for _ in range(_TRIES):
            space = self.current(state, part)
            turn = self._turns.get(space, 0)
            if turn % 2 == 0 and self._index.mark(space) >= state.seq:
                answer = question(space)
                if self._turns.get(space, 0) == turn:
                    return answer
            with self.locked(space):
                self.bring_up(space)
                if self._index.mark(space) >= state.seq:
                    return question(space)
        raise Unavailable("the search index is being built anew; try again in a while")

    def current(self, state: GalleryState, part: Part) -> Space:
        """Return the space to search, which knows all that the state tells of.

        While the codes of a new secret are made, that is the space of the one before.

        Raises:
            NotFound: there is no such tenant.
            Unavailable: database or index do not answer.
        """
        space = part.space(state.tenant_id, state.version)
        if self._index.mark(space) == state.seq:
            return space
        if older := self._in_use(space, state):
            self._build_aside(space)
            space = older
        self.bring_up(space)
        return space

    def seen(self, tenant_id: str) -> tuple[Tenant, GalleryState]:
        """Return a tenant and the state of its gallery at the same moment.

        Raises:
            NotFound: there is no such tenant.
        """
        with self._ground.store.reading() as work:
            tenant = work.tenants.find(tenant_id)
            state = work.galleries.state(tenant_id, CODES)
        if tenant is None or state is None:
            raise NotFound("organisation")
        version = (state.version or self.codes.first(tenant_id)) if self._is_protected else 0
        return tenant, replace(state, version=version)

    def state(self, tenant_id: str) -> GalleryState:
        """Return the state of a gallery, with the version of the secret that codes are made with.

        Raises:
            NotFound: there is no such tenant.
        """
        return self.seen(tenant_id)[1]

    def bring_up(self, space: Space) -> None:
        """Apply what came and went since the space's mark, or build it.

        One of an older secret that was dropped meanwhile stays so.
        """
        with self.locked(space):
            state, was_built = self.state(space.tenant_id), False
            is_newest = space.version == state.version
            while (mark := self._index.mark(space)) != state.seq and (mark or is_newest):
                if not mark or not state.floor <= mark <= state.seq:
                    self.build(space)
                    was_built = True
                elif self.filling.apply_some(space):
                    break
                state = self.state(space.tenant_id)
        if is_newest and was_built:
            for other in self._others(space):
                self.drop(other)

    def build(self, space: Space) -> int:
        """Make a space anew from the templates that are there; return how many went in.

        Meanwhile it is empty, and whoever wants to search it waits.
        """
        with self.locked(space):
            state = self.state(space.tenant_id)
            with self._changing(space):
                added = self.filling.fill(space, state.seq)
        told = {"embedder": space.embedder, "collection": space.collection, "templates": added}
        log.info("index_built", tenant_id=space.tenant_id, **told)
        return added

    def renew(self, tenant_id: str, part: Part) -> Space:
        """Bring the space of the newest secret up to the rows, drop any other, and return it."""
        space = part.space(tenant_id, self.state(tenant_id).version)
        self.bring_up(space)
        for other in self._others(space):
            self.drop(other)
        return space

    def drop(self, space: Space) -> None:
        """Remove a space with all that is kept of it."""
        with self.locked(space), self._changing(space):
            self._index.drop(space)

    def tenants(self) -> set[str]:
        """Return whose spaces this process has worked on."""
        with self._guard:
            return {space.tenant_id for space in self._locks}

    @contextmanager
    def locked(self, space: Space) -> Iterator[None]:
        """Let nobody else in this process change a space meanwhile."""
        with self._guard:
            lock = self._locks.setdefault(space, threading.RLock())
        with lock:
            yield

    @contextmanager
    def _changing(self, space: Space) -> Iterator[None]:
        """Let searches of a locked space see that it is not whole meanwhile: its turn is odd."""
        self._turns[space] = self._turns.get(space, 0) + 1
        try:
            yield
        finally:
            self._turns[space] += 1

    def _in_use(self, newest: Space, state: GalleryState) -> Space | None:
        """Return the space of an older secret that serves while the newest is not built."""
        if self._index.mark(newest) or not state.seq:
            return None
        spaces = [space for space in self._others(newest) if space.version < newest.version]
        served = [space for space in spaces if space.is_protected and self._index.mark(space)]
        return max(served, default=None)

    def _others(self, space: Space) -> list[Space]:
        """Return the spaces of the same part that are not this one."""
        there, part = self._index.spaces(space.tenant_id), part_of(space)
        return [each for each in there if part_of(each) == part and each != space]

    def _build_aside(self, space: Space) -> None:
        """Build a space in a thread of its own, unless that goes on already."""
        with self._guard:
            if space in self._building:
                return
            self._building.add(space)

        def build() -> None:
            try:
                self.renew(space.tenant_id, part_of(space))
            except VisavisError as exc:  # the next search begins it again
                log.error("index_not_built", reason=type(exc).__name__)  # noqa: TRY400
            finally:
                with self._guard:
                    self._building.discard(space)

        threading.Thread(target=build, name="index", daemon=True).start()
