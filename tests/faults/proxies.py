"""nginx in front of a server under test: the configuration that is shipped, on a port and in a folder of the test."""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.servers import Api
from tests.processes import ROOT, Server, end, free_port

SHIPPED = ROOT / "deploy" / "nginx.conf"


def nginx_or_skip() -> str:
    """Answer where nginx is; skip the test where it isn't, fail it where FAULTS_REQUIRED says that it has to be."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None and os.environ.get("FAULTS_REQUIRED"):
        pytest.fail("nginx is not installed.")
    return nginx or pytest.skip("nginx is not installed.")


def configuration(folder: Path, port: int, upstream: int) -> str:
    """Answer the shipped configuration with ports and paths of the test's own, and nothing else changed."""
    text = SHIPPED.read_text()
    own = {
        "listen 80 ": f"listen 127.0.0.1:{port} ",
        "server 127.0.0.1:3000 ": f"server 127.0.0.1:{upstream} ",
        "/run/nginx.pid": f"{folder}/pid",
        "/var/log/nginx/": f"{folder}/",
        "/tmp/nginx-": f"{folder}/",
    }
    for shipped, ours in own.items():
        assert shipped in text
        text = text.replace(shipped, ours)
    return text


@contextmanager
def proxy(folder: Path, upstream: int) -> Iterator[Server]:
    """Run nginx before that port of this machine until the end of the block."""
    nginx, port = nginx_or_skip(), free_port()
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, port, upstream))
    with (
        (folder / "log").open("wb") as output,
        subprocess.Popen([nginx, "-c", str(file), "-g", "daemon off;"], stdout=output, stderr=output) as process,
    ):
        try:
            server = Server(process, port, folder / "log")
            server.wait_until_it_answers()
            yield server
        finally:
            end(process)


def behind(proxy: Server, api: Api) -> Api:
    """Answer the API as it's reached through the proxy."""
    return dataclasses.replace(api, server=proxy)
