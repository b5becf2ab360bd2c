"""What `image_guard` and `image_sandbox` say to each other over the pipes.

A child says `READY` once. A request is `REQUEST` and the encoded bytes. A reply is `REPLY`, then
either the reason in UTF-8 or height × width × 3 bytes of RGB. No pickles: a child that a picture
took over can only send numbers and text.
"""

import struct

from visavis.core.errors import ImageFault

READY = b"\x06"
REQUEST = struct.Struct("<8sQQd")  # format, bytes, most pixels, most seconds
REPLY = struct.Struct("<BIIBH")  # outcome, width, height, orientation, bytes of the reason
FAULTS = tuple(ImageFault)  # outcome 0 is a picture, outcome n is fault n - 1
