"""Pixels to faces: decoding, the stages, the engines that run them and the weights they run."""
