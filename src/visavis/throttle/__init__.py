"""Throttle: how often something may be tried, counted in memory or in Redis."""
