"""Figures of the hall: rates by window and day, by queue and by seat, as `backend.calls.measures` defines them."""
