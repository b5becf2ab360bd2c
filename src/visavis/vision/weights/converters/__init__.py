"""Converters: pure functions from a published file's bytes to the bytes of an ONNX graph.

They are deterministic, read the graph from the file, and raise `ConversionRefused`, naming the
layer or operator, for everything that they do not understand.
"""
