"""Floor 1: vectors to their nearest neighbours."""
