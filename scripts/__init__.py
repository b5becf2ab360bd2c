"""Tools for people who work on Visavis: checks of the tree and benches against peers."""
