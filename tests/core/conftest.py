"""Properties are checked without a deadline: a busy machine is no fault of the program."""

from hypothesis import settings

settings.register_profile("papers", deadline=None)
settings.load_profile("papers")
