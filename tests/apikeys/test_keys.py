"""Keys: how one looks, what refuses it unseen, and what the database keeps in its place."""

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from tests.callers import Caller
from tests.factories import make_organization

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LEAKED = re.compile(r"\bast_(live|test)_[0-9A-Za-z]{50}\b")
SECOND_PEPPER = "a-second-pepper-for-the-tests-that-is-long-enough"


def base62(number: int, length: int) -> str:
    return "".join(ALPHABET[number // 62**place % 62] for place in reversed(range(length)))


def sealed(body: str) -> str:
    return body + base62(zlib.crc32(body.encode()), 6)


@pytest.mark.parametrize(("environment", "prefix"), [("live", "ast_live_"), ("sandbox", "ast_test_")])
def test_begins_with_the_prefix_of_its_organizations_environment(db: None, environment: str, prefix: str) -> None:
    caller = Caller.of(make_organization(environment=environment))
    assert caller.text.startswith(prefix)
    assert caller.get().status_code == 200


@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_is_found_by_the_scanners_pattern(environment: str) -> None:
    text = PlainKey.generate(environment).text
    found = LEAKED.search(f"export KEY='{text}';")
    assert found
    assert found[0] == text
    assert len(text) == len("ast_live_") + 12 + 32 + 6


def test_ends_in_the_checksum_of_all_that_stands_before() -> None:
    for text in (PlainKey.generate("live").text for _ in range(50)):
        assert text == sealed(text[:-6])


def test_a_small_checksum_keeps_its_leading_zeros() -> None:
    texts = (PlainKey.generate("live").text for _ in range(2_000))
    assert any(text[-6] == "0" and text == sealed(text[:-6]) for text in texts)


def test_uses_the_whole_alphabet_and_never_repeats_itself() -> None:
    texts = [PlainKey.generate("live").text[9:-6] for _ in range(500)]
    assert set("".join(texts)) == set(ALPHABET)
    assert len({text[:12] for text in texts} | {text[12:] for text in texts}) == 1_000


def test_its_public_id_is_the_first_twelve_characters(owner: Caller) -> None:
    assert owner.key.public_id == owner.text[9:21]


def test_any_single_changed_character_is_refused_without_a_query(
    owner: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    text = owner.text
    changed = [
        f"{text[:place]}{letter}{text[place + 1 :]}"
        for place in range(len(text))
        for letter in ALPHABET + "_- "
        if letter != text[place]
    ]
    with django_assert_num_queries(0):
        assert [other for other in changed if ApiKey.objects.verify(other)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda text: text[:-1],
        lambda text: text[1:],
        lambda text: f"{text}0",
        lambda text: f"{text}\n",
        lambda text: f" {text}",
        lambda text: f"{text} {text}",
        lambda text: text.swapcase(),
        lambda text: text.replace("live", "test"),
        lambda text: text.replace("ast_live_", ""),
        lambda text: sealed(f"ast_prod_{text[9:-6]}"),
        lambda text: sealed(f"ast_live_{text[9:-7]}"),
        lambda text: sealed(f"ast_live_{text[9:-7]}é"),
        lambda text: sealed(f"ast_live_{text[9:-7]}１"),  # a full-width digit
        lambda text: sealed(f"ast_live_{text[9:-7]}\0"),
    ],
)
def test_another_form_is_refused_without_a_query(
    owner: Caller,
    django_assert_num_queries: DjangoAssertNumQueries,
    spoil: Callable[[str], str],
) -> None:
    with django_assert_num_queries(0):
        assert ApiKey.objects.verify(spoil(owner.text)) is None


def test_a_well_formed_key_costs_one_query_with_its_organization(
    owner: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        key = ApiKey.objects.verify(owner.text)
        assert key
        assert key.organization.name == owner.organization.name


def test_a_known_public_id_with_another_secret_is_refused(owner: Caller) -> None:
    forged = sealed(owner.text[:21] + "A" * 32)
    response = owner.get(headers={"x-api-key": forged})
    assert response.status_code == 401


def test_its_digest_is_an_hmac_under_the_numbered_pepper(owner: Caller, settings: Settings) -> None:
    pepper = settings.API_KEY_PEPPERS[owner.key.pepper_id]
    expected = hmac.new(pepper.encode(), owner.text.encode(), hashlib.sha256).hexdigest()
    assert owner.key.digest == expected


def test_the_table_never_holds_the_key(owner: Caller) -> None:
    owner.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM apikeys_apikey")
        rows = repr(cursor.fetchall())
    assert owner.key.public_id in rows
    assert owner.text not in rows
    assert owner.text[21:53] not in rows


def test_no_representation_shows_the_secret(owner: Caller) -> None:
    plain = PlainKey.parse(owner.text)
    shown = f"{plain} {plain!r} {[plain]} {owner.key} {owner.key!r}"
    assert owner.key.public_id in shown
    assert owner.text[21:] not in shown


@pytest.mark.parametrize(("environment", "prefix"), [("live", "ast_live_"), ("sandbox", "ast_test_")])
def test_its_hint_is_prefix_and_public_id(db: None, environment: str, prefix: str) -> None:
    caller = Caller.of(make_organization(environment=environment))
    assert caller.key.hint == f"{prefix}{caller.text[9:21]}…"


def test_a_key_goes_on_when_a_pepper_is_added(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {**settings.API_KEY_PEPPERS, 2: SECOND_PEPPER}
    assert owner.get().status_code == 200


def test_new_keys_use_the_highest_pepper(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {10: SECOND_PEPPER, **settings.API_KEY_PEPPERS, 9: "ninth"}
    caller = Caller.of(owner.organization)
    assert caller.key.pepper_id == 10
    assert caller.key.digest == hmac.digest(SECOND_PEPPER.encode(), caller.text.encode(), "sha256").hex()
    assert caller.get().status_code == 200


def test_a_removed_pepper_ends_its_keys(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {2: SECOND_PEPPER}
    response = owner.get()
    assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})


def test_a_pepper_changed_under_its_number_ends_its_keys(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {1: SECOND_PEPPER}
    assert owner.get().status_code == 401


def test_a_new_secret_key_ends_no_key(owner: Caller, settings: Settings) -> None:
    settings.SECRET_KEY = "another-secret-key-that-is-long-enough-to-be-believed"
    assert owner.get().status_code == 200


def test_without_a_pepper_no_key_is_made(db: None, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    with pytest.raises(ImproperlyConfigured, match="API_KEY_PEPPERS is not set"):
        Caller.of(make_organization())
    assert not ApiKey.objects.exists()


def test_without_a_pepper_no_key_is_verified(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    assert owner.get().status_code == 401
