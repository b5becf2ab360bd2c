"""Dialects: other products' interfaces over our use cases, at their paths and in their words.

Each is one folder of translators and can be switched off. None knows more, may more or keeps more
than the native API does.
"""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from visavis.core.settings import DialectOptions
from visavis.entry.http_api.dialects import compreface, deepface, rekognition, seed


def routers(options: DialectOptions) -> list[APIRouter]:
    """Return the routes of the dialects that are on."""
    spoken: dict[str, APIRouter] = {
        "compreface": compreface.router,
        "rekognition": rekognition.router,
        "deepface": deepface.router,
        "seed": seed.router,
    }
    return [router for name, router in spoken.items() if getattr(options, name)]


def addresses(options: DialectOptions) -> frozenset[tuple[str, str]]:
    """Return method and path of the routes beside /api, which the pages' guard leaves alone.

    Each says itself what it asks for: a key or a signature, some take the cookie of the pages too.
    """
    routes = [route for router in routers(options) for route in router.routes]
    return frozenset(
        (method, route.path)
        for route in routes
        if isinstance(route, APIRoute) and not route.path.startswith("/api/")
        for method in route.methods or ()
    )
