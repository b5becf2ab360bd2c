"""The gRPC door: analysis, recognition, and where the parts of results meet."""
