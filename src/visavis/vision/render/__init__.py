"""Pictures out: annotated copies of what was analysed."""
