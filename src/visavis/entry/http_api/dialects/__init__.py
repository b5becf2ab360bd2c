"""Dialects: other products' interfaces over our use cases, at their paths and in their words.

Each is one folder of translators and can be switched off. None knows more, may more or keeps more
than the native API does.
"""

from fastapi import APIRouter

from visavis.core.settings import DialectOptions


def routers(options: DialectOptions) -> list[APIRouter]:
    """Return the routes of the dialects that are on."""
    spoken: dict[str, APIRouter] = {}
    return [router for name, router in spoken.items() if getattr(options, name)]
