#!/usr/bin/env python
"""Asteri's commands: `manage.py help` lists them, `manage.py COMMAND --help` explains one."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, execute_from_command_line
from django.db import DatabaseError

from asteri.audit.actor import ActorKind, acting_as, nobody, written


def command() -> str:
    """Write who acts: the command, whatever it calls; what is typed into a shell is nobody's."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    return written(ActorKind.COMMAND, name) if name not in ("", "shell") else nobody()


def main() -> None:
    """Run one command; whatever goes wrong is said in one sentence, with exit status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
    try:
        with acting_as(command):
            execute_from_command_line(sys.argv)
    except (CommandError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")
    except DatabaseError as error:
        sys.exit(f"The database refused: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
