"""Alembic's environment: how the tables came to be what they are, step by step."""

VERSION_TABLE = "visavis_version"
"""Says at which step a database is; Alembic's own name may be taken by others, such as MLflow."""
