"""Keys, sealing, protected codes, the chain of the audit log: what the rest trusts blindly."""
