"""The worker: a process that does jobs and listens to nobody."""
