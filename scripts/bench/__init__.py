"""`make bench`: the figures Visavis promises, each with its peer measured in the same run."""
