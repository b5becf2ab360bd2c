"""Learned files: which exist, where they come from, how they become ONNX, where they are kept."""
