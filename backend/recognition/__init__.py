"""Recognition as those see it who answer for it: what waits, how fast it goes, what failed, and hearing anew."""
