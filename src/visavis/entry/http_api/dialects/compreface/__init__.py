"""CompreFace's API (1.2): its services for recognition, detection and verification.

A subject is one of the organisation's own people, by their reference; a face is a template, and its
`image_id` the template's id. Any of our API keys is a key of all three services, as far as its
scopes go. Scores are on our scale: see `likeness`.
"""

from fastapi import APIRouter

from visavis.entry.http_api.dialects.compreface import (
    about,
    detection,
    examples,
    recognition,
    subjects,
    verification,
)

router = APIRouter()
for _part in (about, detection, examples, recognition, subjects, verification):
    router.routes.extend(_part.router.routes)
