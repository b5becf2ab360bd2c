"""The queues of jobs, by the name that workers are given."""

PICTURES = "pictures"
"""Pictures that one worker analyses as a whole."""

DETECT = "detect"
"""Pictures whose faces are looked for, where that is a service of its own."""

DESCRIBE = "describe"
"""Faces that are described, where that is a service of its own."""

STORE = "store"
"""What both found, to be put together and kept."""

ALL = (PICTURES, DETECT, DESCRIBE, STORE)
"""Every one."""

LOG = "log"
"""No queue of jobs: who works on it collects the lines of the log."""
