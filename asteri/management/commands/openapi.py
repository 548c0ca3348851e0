import json
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from asteri.api import document
from asteri.management.base import Command as ReportingCommand


class Command(ReportingCommand):
    """Writes the OpenAPI document anew."""

    help = "Write the OpenAPI document from the code to the file that is committed and served."
    example = "manage.py openapi"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another place to write to."""
        parser.add_argument(
            "--file", type=Path, default=document.FILE, help="Another file than asteri/api/openapi.json."
        )

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write it and say where."""
        from asteri.api.schema import describe  # noqa: PLC0415 - what makes the document serves no request.

        described = describe()
        file.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        count = sum(len(operations) for operations in described["paths"].values())
        self.report(
            {"file": str(file), "operations": count}, [f"Wrote {count} operations to {file}."], as_json=options["json"]
        )
