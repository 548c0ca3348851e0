import json, sys, tempfile, os
from pathlib import Path
import tests.conftest
from tests.faults.servers import GUNICORN, manage, throw_away_database
from tests.processes import free_port, serving
from apikeys.scopes import Scope


def main(cmd):
    folder = Path(tempfile.mkdtemp())
    with throw_away_database(folder) as database:
        manage(database, "migrate", "--verbosity", "0")
        org = json.loads(manage(database, "create_organization", "Contract", "--json"))["id"]
        key = json.loads(
            manage(
                database,
                "create_api_key",
                "--organization",
                org,
                "--name",
                "Contract",
                "--scopes",
                ",".join(Scope),
                "--per-minute",
                "2147483647",
                "--json",
            )
        )
        port = free_port()
        with serving(
            *GUNICORN,
            port=port,
            log=folder / "log",
            DATABASE_URL=database.url,
            BIND="127.0.0.1",
            PORT=str(port),
            WEB_CONCURRENCY="1",
            THREADS="8",
            FAILED_AUTH_PER_MINUTE="1000000",
        ) as server:
            import subprocess

            env = {
                **os.environ,
                "ASTERI_ORG_ID": org,
                "ASTERI_API_KEY": key["key"],
                "ASTERI_KEY_ID": key["id"],
                "BASE": f"http://127.0.0.1:{port}",
                "DJANGO_SETTINGS_MODULE": "",
            }
            subprocess.run(cmd, env=env, shell=True)
        print(folder)


main(sys.argv[1])
