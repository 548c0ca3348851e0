"""A soak: many requests of every kind on two worker processes, which must not grow, nor keep what they have opened.

    DATABASE_URL=postgres://… python -m tests.benchmarks.soak [--requests 500000]

Serves a database and a Redis of its own, which are thrown away in the end. Memory, open files and connections are read
after a tenth of the requests and after all of them, each time while nobody asks. Prints a Markdown table; the exit
status is 1 where a worker has grown by 5 % or more or has ended, where more than 2 files of a worker or 2 connections
of PostgreSQL or Redis are left open, or where an answer was not the expected one.
"""

# ruff: noqa: T201 - the result is printed.
import argparse
import http.client
import json
import os
import sys
import time
import uuid
from collections import Counter, deque
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ |= {
    "ENV_FILE": os.devnull,
    "DJANGO_SETTINGS_MODULE": "asteri.settings",
    "SECRET_KEY": "a-key-for-the-soak-alone-that-is-long-enough-to-be-believed",
    "API_KEY_PEPPERS": "1=a-pepper-for-the-soak-alone-that-is-long-enough",
    "CACHE_TIMEOUT": "5",  # on a busy machine a Redis that answers late is not out
}

import django

django.setup()

from tests.callers import CUSTOMERS, ROOT  # noqa: E402
from tests.faults.neighbours import RedisServer, own_redis  # noqa: E402
from tests.faults.servers import BROKEN, LONGEST, Api, Database, customer, serving_api  # noqa: E402

Headers = dict[str, str]
Answered = tuple[http.client.HTTPMessage, bytes]
WORKERS, THREADS = 2, 4
CLIENTS, CROWD = 2, 16  # processes; threads to begin with
HELD, MOST_TRIES = 0.5, 100  # seconds that Redis keeps the crowd waiting; how often
RENEWED = 500  # requests on a connection before the next one is opened
KEPT = 100  # customers of each client; it deletes the oldest beyond them
BAD_KEYS = 10  # one round in so many sends a key that is none
MOST_GROWTH, MOST_MORE = 5.0, 2  # percent of memory; files and connections
OWN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"


class Client:
    """Asks a server until it has sent its share; counts the answers that are not the expected ones."""

    def __init__(self, port: int, headers: Headers) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
        self.headers, self.refused = headers, {**headers, "x-api-key": "no-key"}
        self.writing = {**headers, "Content-Type": "application/json"}
        self.sent, self.unexpected, self.customers = 0, Counter[str](), deque[str]()

    def ask(self, status: int, method: str, path: str, body: str = "", headers: Headers | None = None) -> Answered:
        """Send a request that is to be answered with that status; answer headers and body, empty ones if it broke."""
        if self.sent % RENEWED == 0:
            self.connection.close()
        self.sent += 1
        try:
            self.connection.request(method, path, body or None, headers or (self.writing if body else self.headers))
            response = self.connection.getresponse()
            text = response.read()
        except BROKEN as error:
            self.connection.close()
            self.unexpected[f"{method} {status}: {type(error).__name__}"] += 1
            return http.client.HTTPMessage(), b""
        if response.status != status:
            self.unexpected[f"{method} {status}: {response.status}"] += 1
        return response.headers, text

    def round(self, number: int) -> None:
        """Send a request of each kind; delete what is too much."""
        for kind in (self.read, self.write, self.write_again, self.write_bulk, self.be_refused):
            kind()
        if number % BAD_KEYS == 0:
            self.ask(401, "GET", CUSTOMERS, headers=self.refused)
        self.delete(down_to=KEPT)

    def delete(self, down_to: int) -> None:
        """Delete the oldest customers."""
        while len(self.customers) > down_to:
            self.ask(204, "DELETE", self.customers.popleft())

    def read(self) -> None:
        """Page through, search and follow."""
        self.ask(200, "GET", CUSTOMERS)
        self.ask(200, "GET", f"{CUSTOMERS}?account_type=business&limit=10")
        self.ask(200, "GET", f"{CUSTOMERS}?search=example&limit=10")
        self.ask(200, "GET", f"{CUSTOMERS}/changes?limit=10")
        self.ask(200, "GET", "/healthz")

    def write(self) -> None:
        """Create a customer, try to do so once more, look it up, look whether it's the same, and change it."""
        body = new_customer()
        made, _ = self.ask(201, "POST", CUSTOMERS, body)
        self.ask(409, "POST", CUSTOMERS, body)
        path = made.get("Location", CUSTOMERS)
        self.customers.append(path)
        self.ask(200, "GET", path)
        self.ask(304, "GET", path, headers={**self.headers, "If-None-Match": made.get("ETag", "")})
        self.ask(200, "PATCH", path, '{"display_name": "Changed"}')

    def write_again(self) -> None:
        """Create a customer under an idempotency key, and have the answer replayed."""
        body, headers = new_customer(), {**self.writing, "Idempotency-Key": uuid.uuid4().hex}
        made, _ = self.ask(201, "POST", CUSTOMERS, body, headers)
        self.ask(201, "POST", CUSTOMERS, body, headers)
        self.customers.append(made.get("Location", CUSTOMERS))

    def write_bulk(self) -> None:
        """Create three customers at once."""
        body = f'{{"customers": [{new_customer()}, {new_customer()}, {new_customer()}]}}'
        _, text = self.ask(200, "POST", f"{CUSTOMERS}/bulk", body)
        made = [result["data"]["id"] for result in json.loads(text or "{}").get("data", []) if result["status"] == 201]
        self.customers.extend(f"{CUSTOMERS}/{pk}" for pk in made)
        self.unexpected["items of a bulk that are not 201"] += 3 - len(made)  # a sum of counters leaves out zeros

    def be_refused(self) -> None:
        """Ask for what is wrong, and for what isn't there."""
        self.ask(400, "GET", f"{CUSTOMERS}?limit=0")
        self.ask(404, "GET", f"{CUSTOMERS}/{uuid.uuid4()}")
        self.ask(404, "GET", f"{ROOT}/nowhere")


def new_customer() -> str:
    """Answer the body of a create, with an e-mail address that was never sent before."""
    return json.dumps(customer(uuid.uuid4().hex))


def work(port: int, headers: Headers, requests: int) -> tuple[int, Counter[str]]:
    """Send at least so many requests, delete what they have made; answer how many, and what was unexpected."""
    client, number = Client(port, headers), 0
    while client.sent + len(client.customers) < requests:
        client.round(number)
        number += 1
    client.delete(down_to=0)
    client.connection.close()
    return client.sent, client.unexpected


def send(api: Api, pool: Executor, clients: int, requests: int) -> tuple[int, Counter[str]]:
    """Send at least so many requests from clients in a pool; answer how many, and what was unexpected."""
    headers = {"x-api-key": api.key, "x-organization-id": api.organization}
    with pool:
        jobs = [pool.submit(work, api.server.port, headers, requests // clients) for _ in range(clients)]
    sent, unexpected = zip(*(job.result() for job in jobs), strict=True)
    return sum(sent), sum(unexpected, Counter())


def warm_up(api: Api, redis: RedisServer) -> None:
    """Keep a crowd waiting for Redis until every thread of every worker has the connections that it keeps.

    Those are one to PostgreSQL and two to Redis: the one that counts, and Django's, which a thread may first need
    an hour later, when it happens to be the one that notes a key's use in that minute.
    """
    kept = (WORKERS * THREADS, 2 * WORKERS * THREADS)
    for _ in range(MOST_TRIES):
        for ask in (lambda _: api.send("GET", "?limit=1"), lambda _: api.server.request("GET", "/readyz")):
            with redis.client as client, ThreadPoolExecutor(CROWD) as pool:
                client.client_pause(int(HELD * 1_000))
                assert {answer.status for answer in pool.map(ask, range(CROWD))} == {200}
        if connections(api.database, redis) == kept:
            return
    raise TimeoutError(f"{kept} connections were not all made: {connections(api.database, redis)}.")


def connections(database: Database, redis: RedisServer) -> tuple[int, int]:
    """Answer how many connections there are to PostgreSQL and to Redis, ours apart."""
    with redis.client as client:
        return database.rows(OWN)[0][0] - 1, len(client.client_list()) - 1


@dataclass(frozen=True)
class Reading:
    """What is in use: bytes of memory and open files of each worker, by its process id; connections."""

    workers: dict[str, tuple[int, int]]
    postgresql: int
    redis: int


def read(api: Api, redis: RedisServer) -> Reading:
    """Read what is in use, when the clients are gone."""
    time.sleep(2)  # by then the workers have seen that connections are closed
    server = api.server.process.pid
    workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return Reading({pid: usage(Path("/proc", pid)) for pid in workers}, *connections(api.database, redis))


def usage(process: Path) -> tuple[int, int]:
    """Answer the resident memory of a process in bytes, and how many files it has open."""
    pages = int((process / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(list((process / "fd").iterdir()))


def report(then: Reading, now: Reading) -> bool:
    """Print both readings as a table; answer whether they are as near to each other as they have to be."""
    print("| worker | MB at a tenth | MB at the end | growth, % | files then | files now |\n" + 6 * "|---" + "|")
    sound = then.workers.keys() == now.workers.keys()
    for pid in sorted(then.workers.keys() & now.workers.keys()):
        (memory, files), (memory_now, files_now) = then.workers[pid], now.workers[pid]
        growth = 100 * (memory_now / memory - 1)
        print(f"| {pid} | {memory / 2**20:.1f} | {memory_now / 2**20:.1f} | {growth:.2f} | {files} | {files_now} |")
        sound = sound and growth < MOST_GROWTH and files_now - files <= MOST_MORE
    print(f"\nConnections: PostgreSQL {then.postgresql}, then {now.postgresql}; Redis {then.redis}, then {now.redis}.")
    return sound and max(now.postgresql - then.postgresql, now.redis - then.redis) <= MOST_MORE


def soak(requests: int, folder: Path) -> bool:
    """Send so many requests, a tenth of them before the first reading; answer whether all was well."""
    size = {"WEB_CONCURRENCY": str(WORKERS), "THREADS": str(THREADS), "FAILED_AUTH_PER_MINUTE": "1000000"}
    with own_redis(folder) as redis, serving_api(folder, None, CACHE_URL=redis.url, **size) as api:
        warm_up(api, redis)
        begun, anew = time.monotonic(), get_context("spawn")
        results = [send(api, ThreadPoolExecutor(CROWD), CROWD, requests // 20)]
        results.append(send(api, ProcessPoolExecutor(CLIENTS, anew), CLIENTS, requests // 20))
        then = read(api, redis)
        results.append(send(api, ProcessPoolExecutor(CLIENTS, anew), CLIENTS, requests - requests // 10))
        seconds = time.monotonic() - begun
        now = read(api, redis)
    sent, unexpected = sum(each for each, _ in results), sum((each for _, each in results), Counter())
    sound = report(then, now)
    rate = sent / seconds
    print(f"{sent} requests in {seconds:.0f} s, {rate:.0f} a second; unexpected: {dict(unexpected) or 'none'}.")
    return sound and not unexpected


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Soak two workers in requests of every kind.")
    parser.add_argument("--requests", type=int, default=500_000)
    with TemporaryDirectory() as scratch:
        sys.exit(not soak(parser.parse_args().requests, Path(scratch)))
