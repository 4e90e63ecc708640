"""Speech recognition: recordings in, transcripts out. Knows nothing of calls or cases."""
