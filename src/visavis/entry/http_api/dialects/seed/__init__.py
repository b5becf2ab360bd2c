"""Two routes of a small program for shops: who is this customer, and this is a new one.

They answer with that program's keys, name, description and confidence, and with what we know beside
it under `visavis`.
"""

from visavis.entry.http_api.dialects.seed.customers import router as router
