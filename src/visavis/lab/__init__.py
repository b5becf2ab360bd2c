"""Measuring and training: evaluation on labelled data, benches against peers."""
