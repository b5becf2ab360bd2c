"""The HTTP door: native API v1, health, metrics and its documentation page."""
