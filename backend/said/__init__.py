"""Search in everything that was said, and clips of recordings with proof of what they are."""
