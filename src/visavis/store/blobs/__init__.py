"""Files of tenants, kept under the hash of their content in a folder or behind an S3 API."""
