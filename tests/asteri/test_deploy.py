"""deploy/: its files agree with the project and with each other, and promise nothing that they don't keep."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from asteri.api import CONTRACT_VERSION
from customers.bulk import MAX_BYTES
from tests.processes import ROOT, free_port, installed_in, serving

pytestmark = pytest.mark.once
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
NGINX = (DEPLOY / "nginx.conf").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
UNITS = ("asteri.service", "asteri-prune.service", "asteri-prune.timer")


def copied() -> set[str]:
    """Answer what the image takes from the project."""
    lines = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    return {source for sources in lines for source in sources}


def test_the_image_holds_every_app_and_what_starts_it() -> None:
    ours = {app.name for app in apps.get_app_configs() if (ROOT / app.name).is_dir()}
    assert copied() == {"requirements.txt", "manage.py", "gunicorn.conf.py", *ours}


def test_what_the_image_takes_is_there_and_all_that_the_builder_sees() -> None:
    seen = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert set(seen) == copied()
    assert all((ROOT / source).exists() for source in copied())


def test_the_image_runs_as_nobody_in_particular_on_packages_known_by_their_hashes() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_a_probe_and_waits_for_what_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert service["healthcheck"].get("test") or service["healthcheck"]["disable"]


def test_compose_builds_and_mounts_what_is_there() -> None:
    builds = [service["build"] for service in SERVICES.values() if "build" in service]
    mounts = [mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())]
    assert all((DEPLOY / build["context"] / build["dockerfile"]).is_file() for build in builds)
    assert all(mount in COMPOSE["volumes"] or (DEPLOY / mount).is_file() for mount in mounts)


def test_nginx_finds_the_api_in_compose() -> None:
    ((shipped, here),) = re.findall(r"sed s/([^/]+)/([^/]+)/ ", " ".join(SERVICES["nginx"]["command"]))
    assert NGINX.count(shipped) == 1
    assert here == "api:3000"


def test_no_file_holds_a_secret() -> None:
    example = (DEPLOY / "asteri.env.example").read_text()
    assert re.findall(r"^(\w*(?:URL|SECRET|KEY|PEPPERS|TOKEN|PASSWORD)\w*)=.+$", example, re.MULTILINE) == []
    assert {name for service in SERVICES.values() for name in service.get("environment", ())} == {"TRUSTED_PROXY_COUNT"}


def test_nginx_names_the_contracts_version_and_lets_the_largest_body_pass() -> None:
    assert f"add_header Asteri-Version {CONTRACT_VERSION} always;" in NGINX
    assert "client_max_body_size 1m;" in NGINX
    assert MAX_BYTES <= 1024 * 1024


def test_units_are_what_systemd_understands(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert not os.environ.get("FAULTS_REQUIRED"), "systemd-analyze is not installed."
        pytest.skip("systemd-analyze is not installed.")
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/asteri/.venv/bin/", "/bin/true ").replace("/opt/asteri", "/")
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in UNITS]
    result = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.served
def test_gunicorn_tells_systemd_when_it_serves(tmp_path: Path) -> None:
    where = {**installed_in(tmp_path), "SECRET_KEY": "a" * 50, "API_KEY_PEPPERS": f"1={'a' * 32}"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        port = free_port()
        where |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "BIND": "127.0.0.1", "PORT": str(port)}
        with serving("-m", "gunicorn", "asteri.wsgi", port=port, log=tmp_path / "log", **where):
            assert systemd.recv(4_096).startswith(b"READY=1")
