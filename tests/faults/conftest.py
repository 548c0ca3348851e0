"""What every test of faults stands on: a served API of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Api, serving_api


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serving_api(tmp_path) as api:
        yield api
