"""Floor 0: what every method stands on. Nothing here knows any method."""
