"""No timed assertions."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is not a failed test
settings.load_profile("untimed")
