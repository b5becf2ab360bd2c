"""Visavis: a self-hosted face-intelligence platform."""

__version__ = "0.1.0"
