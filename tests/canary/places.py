"""Places: everywhere that a key could have been left behind by what was done with it, as text to be searched."""

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from apikeys.keys import CHECKSUM_LENGTH, FORM, SECRET_LENGTH
from tests.faults.servers import Database

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
PACKED = re.compile(r"[A-Za-z0-9_-]{20,}")  # what Django signs, compressed or not: zlib or JSON, in base64


def secret_of(key: str) -> str:
    """Answer the part of a key that nobody but its holder knows."""
    assert FORM.fullmatch(key), key
    return key[-CHECKSUM_LENGTH - SECRET_LENGTH : -CHECKSUM_LENGTH]


def found(keys: dict[str, str], places: dict[str, str]) -> set[tuple[str, str]]:
    """Answer which keys stand where, whole or with their secret part alone, packed as Django packs sessions or not."""
    return {
        (name, place)
        for place, text in places.items()
        for said in unpacked(text)
        for name, key in keys.items()
        if secret_of(key) in said
    }


def unpacked(text: str) -> Iterator[str]:
    """Yield a text, and what is packed in it."""
    yield text
    for match in PACKED.finditer(text):
        with suppress(ValueError):
            raw = base64.urlsafe_b64decode(match[0] + "=" * (-len(match[0]) % 4))
            yield raw.decode(errors="replace")
            with suppress(zlib.error):
                yield zlib.decompress(raw).decode(errors="replace")


def tables(database: Database) -> dict[str, str]:
    """Answer every table of a database; of SQLite also its files, where deleted rows stay for a while."""
    if database.is_postgresql:
        return dict(postgresql_tables(database.url))
    path = Path(database.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: str(file.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}
    return rows | {each.name: each.read_text("latin-1") for each in path.parent.glob(f"{path.name}*")}


def postgresql_tables(url: str) -> Iterator[tuple[str, str]]:
    """Yield each table's name and its rows."""
    with psycopg.connect(url) as connection:
        for (name,) in connection.execute(TABLES).fetchall():
            query = sql.SQL("SELECT coalesce(json_agg(one), '[]')::text FROM {} one").format(sql.Identifier(name))
            ((rows,),) = connection.execute(query).fetchall()
            yield name, rows


def cached(url: str) -> dict[str, str]:
    """Answer everything that a Redis holds; nothing where there is none."""
    if not url:
        return {}
    with closing(redis.Redis.from_url(url)) as client:
        kept: list[Any] = [(key, client.get(key)) for key in client.scan_iter()]
    return {"redis": str(kept)}
