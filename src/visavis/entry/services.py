"""What every door receives: the use cases of one deployment."""

from dataclasses import dataclass

from visavis.core.settings import Settings
from visavis.jobs.delivery import Delivery
from visavis.lab.heads.registry import HeadRegistry
from visavis.usecases.aggregation import Aggregation
from visavis.usecases.analysis import Analyses
from visavis.usecases.api_keys import ApiKeys
from visavis.usecases.audit_trail import AuditTrail
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
from visavis.usecases.ground import Ground
from visavis.usecases.harmonizing import Harmonizing
from visavis.usecases.harmony_shadow import ShadowScoring
from visavis.usecases.introductions import Introductions
from visavis.usecases.invitations import Invitations
from visavis.usecases.jobs import Jobs
from visavis.usecases.key_rotation import KeyRotation
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
from visavis.usecases.results import Results
from visavis.usecases.retention import Retention
from visavis.usecases.schedule import Schedule
from visavis.usecases.second_factor import SecondFactor
from visavis.usecases.set_up import SetUp
from visavis.usecases.sign_in import SignIn
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import Users

COOKIE = "visavis"
"""Name of the cookie in which a browser keeps the secret of its session."""


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that look at pictures, built once in `wiring` and shared by all doors.

    Attributes:
        settings: Of this deployment.
        analyses: Looks at pictures.
        policy: What may be asked for.
        drift: How far what is seen is from what the heads were trained on.
        heads: The head files, and which of them answer.
    """

    settings: Settings
    analyses: Analyses
    policy: Policy
    drift: Drift
    heads: HeadRegistry


@dataclass(frozen=True, slots=True)
class People:
    """The use cases that need both: pictures, and the people who are known.

    Attributes:
        enrolment: Makes templates of faces.
        recognition: Tells who somebody is.
        comparing: Tells how alike faces are.
        introductions: Enrols people whom nobody knew.
        loose_faces: Enrols faces of people who are called nothing.
        face_login: Lets users in by their face.
        face_set_up: Enrols the faces that they log in with.
    """

    enrolment: Enrolment
    recognition: Recognition
    comparing: Comparing
    introductions: Introductions
    loose_faces: LooseFaces
    face_login: FaceLogin
    face_set_up: FaceSetUp


@dataclass(frozen=True, slots=True)
class Records:
    """The use cases about what is kept: accounts, people, privacy. Close it at the end.

    Attributes:
        ground: What they all stand on.
        callers: Tells who is calling.
        private: Knows the owner of a machine without logging in.
        sign_in: Lets people in and out.
        registration: Makes accounts of those who ask.
        passwords: Gives people another password.
        second_factor: Adds and removes the second factor.
        set_up: Makes the first owner.
        tenants: Shows, renames and removes organisations.
        profile: What users see and change of their own account.
        users: Who belongs to an organisation, and what they may do.
        invitations: Asks others in.
        api_keys: What programs show instead of a password.
        blobs: Keeps files.
        deployment: Looks whether its parts answer.
        privacy: What a tenant may do with faces.
        notices: What people are told before they consent.
        collections: Parts of them that are searched on their own.
        subjects: The people whose faces are known.
        consents: Who agreed to what.
        templates: Seals and opens the vectors of enrolled people.
        portraits: Keeps their pictures, where a tenant wants that.
        merging: Gives templates to somebody else, who turned out to be whom they show.
        newcomers: Adds people with the consent that they gave elsewhere.
        galleries: Searches them.
        calibrating: Fits what similarities mean to the people of a tenant.
        harmonizing: Changes the embedder without any picture.
        shadow_scoring: Tells before what would be answered after.
        erasure: Erases people.
        own_faces: The faces that users log in with.
        receipts: Shows and checks what was signed.
        exports: Writes down all that is kept of somebody.
        retention: How long what is kept.
        audit_trail: Reads and verifies the log of what was done.
        key_rotation: Shows and rotates keys.
        delivery: Tells workers of jobs.
        jobs: Work that takes time.
        picture_jobs: Takes pictures for later.
        results: What was found on them.
        aggregation: Where the parts of results meet.
        logs: What processes wrote about their work.
        schedule: What is done again and again; whoever serves starts it.
    """

    ground: Ground
    callers: Callers
    private: PrivateMachine
    sign_in: SignIn
    registration: Registration
    passwords: Passwords
    second_factor: SecondFactor
    set_up: SetUp
    tenants: Tenants
    profile: Profile
    users: Users
    invitations: Invitations
    api_keys: ApiKeys
    blobs: BlobKeeping
    deployment: Deployment
    privacy: Privacy
    notices: Notices
    collections: Collections
    subjects: Subjects
    consents: Consents
    templates: Templates
    portraits: Portraits
    merging: Merging
    newcomers: Newcomers
    galleries: Galleries
    calibrating: Calibrating
    harmonizing: Harmonizing
    shadow_scoring: ShadowScoring
    erasure: Erasure
    own_faces: OwnFaces
    receipts: Receipts
    exports: Exports
    retention: Retention
    audit_trail: AuditTrail
    key_rotation: KeyRotation
    delivery: Delivery
    jobs: Jobs
    picture_jobs: PictureJobs
    results: Results
    aggregation: Aggregation
    logs: Logs
    schedule: Schedule

    @property
    def login(self) -> bool:
        """Whether people have to log in; if not, this is a private machine."""
        return self.ground.settings.accounts.login

    def close(self) -> None:
        """Finish what is waiting and close the connections."""
        self.schedule.close()
        self.delivery.close()
        self.ground.background.close()
        self.galleries.save()
        self.galleries.close()
        self.ground.store.close()
