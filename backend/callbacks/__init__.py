"""Callback visits promised to citizens."""
