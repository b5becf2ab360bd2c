"""What stands in the README of an export, for whoever unpacks it."""

_COMMON = """
manifest.json   the SHA-256 of every other file, so that a change would show

All times are UTC. Files ending in .json are made for programs and can be read with any text editor.
The zip is not encrypted: keep it where nobody else can open it, and delete it when you no longer
need it.
"""

ABOUT_SUBJECT = (
    """What is kept about you

This zip holds everything that the organisation named in subject.json keeps about you in Visavis.

subject.json    what you are called here, and since when you are known
consents.json   what you agreed to, when, how, after which notice, and whether it still holds
notices/        what you had been told, word for word
templates.json  the numbers by which your face is recognised. `vector` is base64 of little-endian
                32-bit floats, as many as `dimension` says; `embedder` names what made them, and
                `seen` where your face was seen
attributes.json whatever else is noted about you
files/          pictures and other files that show you
pictures/       pictures that the numbers were made of, named like those, where they are kept
audit.json      what was done with your data, when and by whom (as numbers of users and programs)
"""
    + _COMMON
)

ABOUT_USER = (
    """What is kept about you

This zip holds what is kept about your account in Visavis. It holds no passwords and no keys: those
are not kept in a form that could be read.

account.json    your name, address and role, since when you are here, and since when you log in with
                your face
logins.json     when you logged in, from which network address and with which browser
keys.json       the API keys that you made, without their secrets
face.json       where you log in with your face: the numbers by which it is recognised, as base64 of
                little-endian 32-bit floats, and what you agreed to
notices/        what you had been told about that, word for word
audit.json      what you and your API keys did
"""
    + _COMMON
)
