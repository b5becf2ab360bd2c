"""DeepFace's API: represent, verify, analyze, register and search, with our engine behind it.

Whatever model is asked for, ours answers and says so; distances and thresholds are its own.
"""

from fastapi import APIRouter

from visavis.entry.http_api.dialects.deepface import analysing, registering, searching, verifying

router = APIRouter()
for _part in (analysing, registering, searching, verifying):
    router.routes.extend(_part.router.routes)
