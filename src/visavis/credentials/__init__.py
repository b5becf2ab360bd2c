"""Credentials: passwords, tokens, codes and roles; pure building blocks that hold no rows."""
