"""One file a noun: each holds the router of that noun's endpoints."""
