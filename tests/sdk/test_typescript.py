"""The TypeScript SDK: its own tests against the served API, and its package in the hands of its users."""

import json
import re
from itertools import pairwise

import pytest

from tests.sdk.clients import Caller
from tests.sdk.proxy import Proxy
from tests.sdk.typescript import FOLDER, Project, execute, tool

pytestmark = pytest.mark.usefixtures("typescript")
MOST_BYTES = 10_000
BUNDLE = ("--bundle", "--minify", "--format=esm")
# A declaration that a user meets, in the types that are shipped.
PUBLIC = re.compile(r"(export (declare class|interface) |    (?!constructor)(readonly )?[a-z]\w*\??[(<:])")
# What every platform of today has; nothing of Node's own stands among it.
WEB = "AbortController, Headers, URL, clearTimeout, crypto, fetch, setTimeout"
EDGE = f"""
import {{ readFileSync }} from 'node:fs';
import {{ createContext, runInContext }} from 'node:vm';
const context = createContext({{ {WEB}, options: JSON.parse(process.argv[2]) }});
runInContext(readFileSync('bundle.js', 'utf8'), context);
const count = await runInContext(
  'new Asteri.AsteriPublicApiClient(options).customers.list().then(({{ pagination }}) => pagination.count)', context);
console.log(typeof count);
"""
USES = """
import { AsteriApiError, AsteriPublicApiClient, type Customer } from '@asteri/public-api-sdk';

export async function use(client: AsteriPublicApiClient): Promise<string[]> {
  const { data, meta } = await client.customers.get({ customerId: 'x', query: { expand: 'profile' } });
  await client.customers.update({ customerId: data.id, phone: null }, { ifMatch: meta.etag! });
  const names: (string | null)[] = [data.profile.first_name];
  for await (const each of client.customers.listAll({ query: { account_type: 'business' } })) {
    const customer: Customer = each;
    names.push(customer.email);
    // @ts-expect-error - a profile is there where it is asked for
    names.push(each.profile);
  }
  // @ts-expect-error - a mistyped filter is found by the compiler
  await client.customers.list({ query: { limt: 5 } });
  // @ts-expect-error - an e-mail is required
  await client.customers.create({ account_type: 'business', phone: '+1-404-555-0128' });
  return names.filter((name) => name !== null);
}

export const isTaken = (error: unknown) => error instanceof AsteriApiError && error.payload.field === 'email';
"""


@pytest.fixture(scope="session")
def project(typescript: None, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.installed(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("file", sorted(file.name for file in FOLDER.glob("test/*.test.js") if "walk" not in file.name))
def test_its_own_tests_pass(caller: Caller, proxy: Proxy, file: str) -> None:
    asked = {"ASTERI_BASE_URL": caller.base_url, "ASTERI_PROXY_URL": f"http://127.0.0.1:{proxy.port}"}
    asking = {"ASTERI_ORG_ID": caller.organization_id, "ASTERI_API_KEY": caller.api_key}
    result = execute("node", "--test", f"test/{file}", folder=FOLDER, **asked, **asking)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^# pass [1-9]", result.stdout, re.MULTILINE)


def test_it_is_under_ten_kilobytes() -> None:
    bundled = execute(tool("esbuild"), "dist/esm/index.js", *BUNDLE, folder=FOLDER)
    assert bundled.returncode == 0, bundled.stderr
    assert 0 < len(bundled.stdout.encode()) < MOST_BYTES


def test_it_needs_nothing_at_run_time(project: Project) -> None:
    assert "dependencies" not in json.loads((FOLDER / "package.json").read_text())
    installed = [folder.name for folder in (project.folder / "node_modules").iterdir() if folder.name[0] != "."]
    assert installed == ["@asteri"]


def test_its_types_are_those_of_the_document() -> None:
    checked = execute("npm", "run", "--silent", "generate", "--", "--check", folder=FOLDER)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (("module.mts", "common.cts"), {"exactOptionalPropertyTypes": "true", "skipLibCheck": "false"}),
        (("bundled.ts",), {"module": "esnext", "moduleResolution": "bundler"}),
        (("old.cts",), {"module": "commonjs", "moduleResolution": "node10"}),
    ],
)
def test_its_types_are_found_however_it_is_imported(
    project: Project, files: tuple[str, ...], options: dict[str, str]
) -> None:
    project.compile(dict.fromkeys(files, USES), **options)


@pytest.mark.parametrize("load", ["import(NAME)", "Promise.resolve(require(NAME))"])
def test_it_is_imported_and_required(project: Project, load: str) -> None:
    show = f"{load}.then((loaded) => console.log(Object.keys(loaded).join()))"
    (project.folder / "load.cjs").write_text(f"const NAME = '@asteri/public-api-sdk';{show}")
    loaded = project.node("load.cjs").stdout.strip().split(",")
    assert {"AsteriApiError", "AsteriPublicApiClient", "AsteriTimeoutError"} <= set(loaded)


def test_it_runs_where_there_is_only_the_web(project: Project, caller: Caller) -> None:
    bundle = ("--bundle", "--format=iife", "--global-name=Asteri", f"--outfile={project.folder / 'bundle.js'}")
    bundled = execute(tool("esbuild"), "dist/esm/index.js", *bundle, folder=FOLDER)
    assert bundled.returncode == 0, bundled.stderr
    (project.folder / "edge.js").write_text(EDGE)
    options = {"baseUrl": caller.base_url, "organizationId": caller.organization_id, "apiKey": caller.api_key}

    result = project.node("edge.js", json.dumps(options))
    assert result.stdout.strip() == "number", result.stderr


def test_its_traces_lead_to_its_source(project: Project) -> None:
    failing = "new (require('@asteri/public-api-sdk').AsteriPublicApiClient)({})"
    (project.folder / "fail.cjs").write_text(failing)
    result = project.node("--enable-source-maps", "fail.cjs")
    assert re.search(r"src/transport\.ts:\d+", result.stderr)


@pytest.mark.parametrize("name", ["client", "customers", "organizations", "api-keys", "errors", "transport"])
def test_everything_public_is_documented(project: Project, name: str) -> None:
    lines = (project.package / "dist" / "esm" / f"{name}.d.ts").read_text().splitlines()
    public = [(before, line) for before, line in pairwise(lines) if PUBLIC.match(line)]
    assert public
    assert [line for before, line in public if not before.strip().endswith("*/")] == []


def test_nothing_is_packed_but_what_is_meant() -> None:
    packed = json.loads(execute("npm", "pack", "--dry-run", "--json", folder=FOLDER).stdout)
    files = {file["path"].split("/")[0] for file in (packed[0] if isinstance(packed, list) else packed)["files"]}
    assert files == {"README.md", "dist", "package.json", "src"}
