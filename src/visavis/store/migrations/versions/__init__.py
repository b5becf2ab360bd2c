"""One file per step; what is released is never changed, another step follows.

What a step has to do, `python -m visavis.store.migrate check` tells once the tables are changed.
It begins with `limit_waits`. One that would rewrite or check a large table is three: add what
may be absent, fill it in batches, then enforce it.
"""
