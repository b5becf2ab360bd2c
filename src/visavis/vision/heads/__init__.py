"""Heads: small learned files that answer questions about a face; bundled, replaceable, live."""
