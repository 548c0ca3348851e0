"""Where gunicorn looks for settings by itself; they stand in asteri/gunicorn.py."""

from asteri.gunicorn import *  # noqa: F403
