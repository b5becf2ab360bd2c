"""`/docs`: the API's description in Swagger UI, served from here; nothing comes from a CDN."""

from fastapi import FastAPI, Response
from starlette.staticfiles import StaticFiles

from visavis.entry.http_api.headers import policy

_ASSETS = "/docs/assets"
_POLICY = policy(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Visavis API</title>
<link rel="stylesheet" href="{_ASSETS}/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{_ASSETS}/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
});
"""


def install(app: FastAPI) -> None:
    """Serve the page and its assets."""

    @app.get("/docs", include_in_schema=False)
    def page() -> Response:
        headers = {"Content-Security-Policy": _POLICY}
        return Response(_PAGE, media_type="text/html", headers=headers)

    @app.get("/docs/start.js", include_in_schema=False)
    def start() -> Response:
        return Response(_START, media_type="text/javascript")

    app.mount(_ASSETS, StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-assets")
