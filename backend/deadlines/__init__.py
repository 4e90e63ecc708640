"""Deadlines: the working calendar, the clocks of cases, and what is due when."""
