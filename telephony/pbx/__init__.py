"""Get, render, run and check the private Asterisk that takes the calls."""
