"""Tracking: the lab's record of what was trained, on what, how good it was and what serves."""
