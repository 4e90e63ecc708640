"""Notices from the shift leader to the seats, and who has read them when."""
