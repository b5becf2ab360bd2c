"""Technologies that run a learned graph; they know tensors, not faces."""
