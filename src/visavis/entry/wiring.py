"""Wiring: the only place that chooses and builds back ends from the settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from visavis.core import log
from visavis.core.attributes import Head
from visavis.core.memory import keep_flat
from visavis.core.settings import ServerOptions, Settings
from visavis.core.telemetry import exporting
from visavis.entry.services import People, Records, Services
from visavis.index.centre import bundled_centres
from visavis.index.harmonic_files import bundled_maps, maps_in
from visavis.index.harmonics import Harmonics
from visavis.index.opening import open_index
from visavis.jobs.delivery import open_delivery
from visavis.jobs.log_stream_files import LogFiles
from visavis.lab.heads.registry import HeadRegistry
from visavis.lab.tracking.opening import open_mirror
from visavis.mail.opening import open_mailer
from visavis.rpc.client import AnalysisClient
from visavis.store.blobs.opening import open_blobs
from visavis.store.engine import open_engine
from visavis.store.migrate import pending, upgrade
from visavis.store.work import Store
from visavis.throttle.throttle import Throttle
from visavis.usecases import queues, reading_all
from visavis.usecases.aggregation import Aggregation
from visavis.usecases.analysis import Analyses
from visavis.usecases.api_keys import ApiKeys
from visavis.usecases.audit import AuditLog
from visavis.usecases.audit_trail import AuditTrail
from visavis.usecases.background import Background
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.calibrating import Calibrating
from visavis.usecases.callers import Callers
from visavis.usecases.collections import Collections
from visavis.usecases.comparing import Comparing
from visavis.usecases.consent import Consents
from visavis.usecases.deployment import Deployment
from visavis.usecases.drift import Drift
from visavis.usecases.enrolment import Enrolment
from visavis.usecases.erasure import Erasure
from visavis.usecases.exports import Exports
from visavis.usecases.face_login import FaceLogin
from visavis.usecases.face_set_up import FaceSetUp
from visavis.usecases.galleries import Galleries
from visavis.usecases.gallery_mixing import Mixing
from visavis.usecases.ground import PEPPER, Ground, utc_now
from visavis.usecases.harmonizing import Harmonizing
from visavis.usecases.harmony_shadow import ShadowScoring
from visavis.usecases.index_sealing import IndexSealing
from visavis.usecases.introductions import Introductions
from visavis.usecases.invitations import Invitations
from visavis.usecases.jobs import Jobs
from visavis.usecases.key_rotation import KeyRotation
from visavis.usecases.log_keeping import keeping
from visavis.usecases.logs import Logs
from visavis.usecases.loose_faces import LooseFaces
from visavis.usecases.merging import Merging
from visavis.usecases.newcomers import Newcomers
from visavis.usecases.notices import Notices
from visavis.usecases.own_faces import OwnFaces
from visavis.usecases.passwords import Passwords
from visavis.usecases.picture_jobs import PictureJobs
from visavis.usecases.policy import Policy
from visavis.usecases.portraits import Portraits
from visavis.usecases.privacy import Privacy
from visavis.usecases.private_machine import PrivateMachine
from visavis.usecases.profile import Profile
from visavis.usecases.receipts import Receipts
from visavis.usecases.recognition import Recognition
from visavis.usecases.registration import Registration
from visavis.usecases.remote_analysis import RemoteAnalyses
from visavis.usecases.results import Results
from visavis.usecases.retention import Retention
from visavis.usecases.schedule import Act, Schedule
from visavis.usecases.scores import Scores
from visavis.usecases.second_factor import SecondFactor
from visavis.usecases.set_up import SetUp
from visavis.usecases.sign_in import SignIn
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import Users
from visavis.usecases.waiting_pictures import WaitingPictures
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import open_root_keys
from visavis.vision.analyzer import Analyzer
from visavis.vision.decoders.arcface import ArcFace
from visavis.vision.decoders.base import DetectorDecoder, EmbedderDecoder
from visavis.vision.decoders.centerface import CenterFaceDecoder
from visavis.vision.decoders.dlib_resnet import DlibResnet
from visavis.vision.decoders.lite import Lite
from visavis.vision.decoders.scrfd import ScrfdDecoder
from visavis.vision.decoders.yunet import YuNetDecoder
from visavis.vision.engines.onnx_engine import OnnxEngine, worker_count
from visavis.vision.heads.card import HeadCard
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.opencv import one_thread_a_call
from visavis.vision.stages.attributes import Attributes
from visavis.vision.stages.detect import Detect
from visavis.vision.stages.embed import Embed
from visavis.vision.stages.mesh import Mesh
from visavis.vision.weights.catalog import find_pack, find_weight
from visavis.vision.weights.shelf import WeightShelf

DETECTORS: dict[str, Callable[[], DetectorDecoder]] = {
    "centerface": CenterFaceDecoder,
    "scrfd": ScrfdDecoder,
    "yunet": YuNetDecoder,
}
EMBEDDERS: dict[str, Callable[[], EmbedderDecoder]] = {
    "dlib_resnet": DlibResnet,
    "lite": Lite,
    "arcface": ArcFace,
    "sface": lambda: ArcFace(mean=0.0, scale=1.0),
}


def build(settings: Settings) -> Services:
    """Load the pack's weights and start the workers, or have another machine look at pictures.

    Raises:
        WeightsError: a weight is missing and cannot be had, or may not be used.
        InvalidSettings: no usable provider, or a store for tracking that cannot be used.
    """
    keep_flat()
    if settings.grpc.url:
        return _build_remote(settings)
    analyzer = build_analyzer(settings, WeightShelf(settings.cache))
    policy = Policy.of(settings.policy)
    drift = Drift(partial(_cards, analyzer.attributes.shelf))
    analyses = Analyses(
        analyzer,
        settings.images,
        settings.batch,
        worker_count(settings.runtime),
        policy,
        drift,
        settings.quality,
    )
    return Services(settings, analyses, policy, drift, build_registry(settings))


def _build_remote(settings: Settings) -> Services:
    """Start what asks another machine; drift is counted against the heads of this one."""
    policy = Policy.of(settings.policy)
    drift = Drift(partial(_cards, build_heads(settings)))
    client, workers = AnalysisClient(settings.grpc), settings.grpc.workers
    given = settings.images, settings.batch, workers, policy, drift
    analyses = RemoteAnalyses(client, *given)
    return Services(settings, analyses, policy, drift, build_registry(settings))


def build_analyzer(settings: Settings, shelf: WeightShelf) -> Analyzer:
    """Load the graphs of the settings' pack."""
    one_thread_a_call()
    pack = find_pack(settings.pack)
    detector, embedder = find_weight(pack.detector), find_weight(pack.embedder)

    def engine(name: str) -> OnnxEngine:
        path: Path = shelf.ensure(name)
        return OnnxEngine(path, settings.runtime)

    return Analyzer(
        pack=pack.name,
        embedder=embedder.id,
        detect=Detect(engine(detector.name), DETECTORS[detector.family](), settings.detect),
        mesh=Mesh(engine(pack.mesh)),
        embed=Embed(engine(embedder.name), EMBEDDERS[embedder.family](), settings.embed),
        attributes=Attributes(build_heads(settings)),
    )


def build_registry(settings: Settings) -> HeadRegistry:
    """Return the head files of this deployment; the mirror is contacted when something changes.

    Raises:
        InvalidSettings: a store for tracking is named but cannot be used.
    """
    mirror = open_mirror(settings.tracking, settings.data)
    return HeadRegistry(settings.data / "heads", mirror=mirror)


def _cards(shelf: HeadShelf) -> dict[Head, HeadCard]:
    """Return the card of the file that answers each head now."""
    return {head: net.card for head, net in shelf.current().nets.items()}


def build_heads(settings: Settings) -> HeadShelf:
    """Return the heads that serve in this deployment; they are loaded when first asked for."""
    return HeadShelf(settings.data / "heads", settings.runtime)


def open_records(settings: Settings) -> Records:
    """Open rows, keys and mail, and build the use cases that stand on them.

    The tables are brought to what this version needs.

    Raises:
        StoreUnavailable: the database does not answer, or a newer version made it.
        RootKeyUnavailable: the root key cannot be had.
        InvalidSettings: a setting cannot work.
    """
    ground = open_ground(settings)
    callers = Callers(ground)
    blobs = open_blobs(settings.blobs, settings.data / "blobs")
    harmonics = open_harmonics(settings)
    galleries = _open_galleries(ground, harmonics)
    blob_keeping, erasure = BlobKeeping(ground, blobs), Erasure(ground, blobs, [galleries])
    own_faces, retention = OwnFaces(ground, erasure), Retention(ground, blobs, erasure)
    collections = Collections(ground, erasure, galleries.forget_collection)
    tenants = Tenants(ground, blobs, [galleries.forget_tenant])
    results = Results(ground, blobs)
    delivery = open_delivery(settings.jobs.broker_url, queues.ALL)
    jobs = Jobs(ground, delivery, queues.ALL)
    logs = open_logs(ground)
    return Records(
        ground=ground,
        callers=callers,
        private=PrivateMachine(ground, callers),
        sign_in=SignIn(ground, callers),
        registration=Registration(ground),
        passwords=Passwords(ground, own_faces),
        second_factor=SecondFactor(ground),
        set_up=SetUp(ground),
        tenants=tenants,
        profile=Profile(ground, tenants, own_faces),
        users=Users(ground, own_faces),
        invitations=Invitations(ground),
        api_keys=ApiKeys(ground),
        blobs=blob_keeping,
        deployment=Deployment(ground, blobs),
        privacy=Privacy(ground),
        notices=Notices(ground),
        collections=collections,
        subjects=Subjects(ground),
        consents=Consents(ground),
        portraits=Portraits(ground, blobs),
        merging=Merging(ground, erasure),
        newcomers=Newcomers(ground),
        templates=Templates(ground, BlobRemoval(ground.store, blobs)),
        galleries=galleries,
        calibrating=Calibrating(ground, Scores(ground)),
        harmonizing=Harmonizing(ground, harmonics, Scores(ground)),
        shadow_scoring=ShadowScoring(ground, harmonics, Scores(ground)),
        erasure=erasure,
        own_faces=own_faces,
        receipts=Receipts(ground),
        exports=Exports(ground, blobs),
        retention=retention,
        audit_trail=AuditTrail(ground),
        key_rotation=KeyRotation(ground, galleries.renew),
        delivery=delivery,
        jobs=jobs,
        picture_jobs=PictureJobs(ground, jobs, WaitingPictures(ground, blobs), results),
        results=results,
        aggregation=Aggregation(ground, delivery),
        logs=logs,
        schedule=_schedule(ground, retention, blob_keeping, galleries, collections, logs),
    )


def open_logs(ground: Ground) -> Logs:
    """Return where lines of the log are kept and searched."""
    options = ground.settings.logs
    files = LogFiles(ground.settings.data / "logs", options.file_bytes, options.files)
    return Logs(ground, files)


@contextmanager
def observed(settings: Settings, records: Records, service: str) -> Iterator[None]:
    """Keep what this process logs, and send its spans, while the block lasts.

    Args:
        settings: Of this deployment.
        records: Where lines are kept.
        service: What this process is: `api`, `worker`, `detect`, `describe`, `store` or `log`.

    Raises:
        InvalidSettings: an address is none, or OpenTelemetry is wanted and not installed.
    """
    log.serve_as(service)
    with (
        exporting(settings.telemetry.otlp_url, service),
        keeping(settings.logs, records.logs, service),
    ):
        yield


def open_harmonics(settings: Settings) -> Harmonics:
    """Return the maps between embedders: those that ship, and before them the deployment's own.

    Raises:
        InvalidInput: one of its own is no map; the message names it.
    """
    return Harmonics((*bundled_maps(), *maps_in(settings.data / "harmonics")))


def open_people(services: Services, records: Records) -> People:
    """Join pictures and people: what makes templates of faces and tells who somebody is."""
    told = records.ground, services.analyses
    scores = Scores(records.ground)
    enrolment = Enrolment(*told, records.templates, records.galleries, scores, records.portraits)
    known = records.subjects, records.newcomers
    introductions = Introductions(records.ground, *known, enrolment, records.erasure)
    loose = records.templates, records.merging, records.erasure
    return People(
        enrolment=enrolment,
        comparing=Comparing(records.ground),
        introductions=introductions,
        loose_faces=LooseFaces(records.ground, introductions, *loose),
        recognition=Recognition(*told, records.galleries, scores),
        face_login=FaceLogin(*told, scores, records.sign_in),
        face_set_up=FaceSetUp(*told, scores),
    )


def _open_galleries(ground: Ground, harmonics: Harmonics) -> Galleries:
    """Open the search index; what it keeps on disk is sealed under a key of each tenant."""
    options, sealing = ground.settings.index, IndexSealing(ground)
    folder = ground.settings.data / "index"
    index = open_index(options, folder, sealing.seal, sealing.unseal)
    mixing = Mixing(ground, harmonics, Scores(ground))
    return Galleries(
        ground,
        index,
        protected=options.kind == "protected",
        centres=bundled_centres(),
        mixing=mixing,
    )


def _schedule(
    ground: Ground,
    retention: Retention,
    blobs: BlobKeeping,
    galleries: Galleries,
    collections: Collections,
    logs: Logs,
) -> Schedule:
    """Return what is done again and again while the server runs."""
    return Schedule(
        (
            Act("retention", timedelta(hours=1), lambda: retention.apply(ground.clock())),
            Act("files", timedelta(days=1), lambda: blobs.sweep(ground.clock())),
            Act("index", timedelta(minutes=10), galleries.save),
            Act("changes", timedelta(days=1), lambda: _shorten(ground, galleries)),
            Act("collections", timedelta(hours=1), collections.sweep),
            Act("logs", timedelta(hours=1), lambda: logs.sweep(ground.clock())),
        )
    )


def _shorten(ground: Ground, galleries: Galleries) -> None:
    """Forget changes of templates that every index has long followed."""
    for tenant in reading_all.tenants(ground.store):
        galleries.shorten(tenant.id)


def open_ground(settings: Settings) -> Ground:
    """Open what the use cases about accounts, people and privacy stand on; see `open_records`."""
    keyring = Keyring(open_root_keys(settings.vault, settings.data / "vault"))
    mailer = open_mailer(settings.mail, settings.data / "outbox")
    store = _open_store(settings)
    peppers = store.run(lambda work: keyring.deployment_secrets(work.keys, PEPPER, utc_now()))
    return Ground(
        settings=settings,
        store=store,
        keyring=keyring,
        audit=AuditLog(keyring),
        throttle=Throttle(settings.throttle, pepper=peppers[1]),
        send=mailer.send,
        background=Background(),
        pepper=peppers[1],
        site=_site(settings.server),
    )


def _open_store(settings: Settings) -> Store:
    engine = open_engine(settings.store, settings.data)
    if pending(engine):
        upgrade(engine)
    return Store(engine)


def _site(server: ServerOptions) -> str:
    """Return where people reach this deployment, without a slash at the end."""
    if server.site:
        return server.site.rstrip("/")
    anywhere = server.host in {"0.0.0.0", "::", ""}  # noqa: S104  # named, not bound
    name = "localhost" if anywhere else server.host
    return f"http://{f'[{name}]' if ':' in name else name}:{server.port}"
