"""The seats of the hall: who sits there, in which state, since when."""
