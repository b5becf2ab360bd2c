"""Training of heads: from labelled pictures to a head file. Needs the `train` extra (PyTorch)."""
