"""Rows and blobs: what the server keeps, and where."""
