"""The trail below row-level security: the serving role writes it by its triggers alone, and staff alone read it."""

import pytest
from django.contrib.auth.models import User
from django.db import Error, connection
from django.test import Client

from asteri.audit import pruning
from asteri.audit.history import by_key
from asteri.audit.models import Record
from asteri.row_security import speak_for_organization, speak_for_staff, speaking
from tests.callers import Caller, encoded
from tests.row_security.conftest import Serving

BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
FORGED = (
    "INSERT INTO audit_record (at, actor_kind, actor, request_id, address, subject_type, subject_id, action, changes)"
    " VALUES (now(), 'user', 'somebody else', '', '', 'customers.customer', '1', 'deleted', '{}')"
)
IN_ITS_PLACE = "CREATE TEMPORARY TABLE audit_record (LIKE public.audit_record)"


def test_what_is_written_below_it_is_recorded(serving: Serving, owner: Caller) -> None:
    with serving():
        path = owner.post(BODY).headers["Location"]
        sent = encoded({"first_name": "Nora"})
        assert owner.send("PATCH", path, data=sent, content_type="application/json").status_code == 200
        assert owner.send("DELETE", path).status_code == 204
    assert [record.action for record in reversed(by_key(owner.key.public_id))] == ["created", "changed", "deleted"]


def test_tenants_read_nothing_and_staff_everything(serving: Serving, owner: Caller) -> None:
    owner.post(BODY)
    with serving():
        assert not Record.objects.exists()
        with speaking():
            speak_for_organization(owner.organization.pk)
            assert not Record.objects.exists()
            speak_for_staff()
            assert by_key(owner.key.public_id).count() == 1


@pytest.mark.parametrize(
    "statement", [FORGED, "UPDATE audit_record SET actor = 'x'", "DELETE FROM audit_record", "TRUNCATE audit_record"]
)
def test_the_serving_role_writes_none_itself(serving: Serving, owner: Caller, statement: str) -> None:
    with serving(), speaking():
        speak_for_staff()
        with pytest.raises(Error, match=r"row-level security policy|never changed|permission denied"):
            connection.cursor().execute(statement)


def test_the_serving_role_prunes_none(serving: Serving, owner: Caller) -> None:
    with serving(), speaking():
        speak_for_staff()
        before = Record.objects.count()
        pruning.prune()
        assert Record.objects.count() == before


def test_a_table_of_its_own_is_not_written_in_the_trails_place(serving: Serving, owner: Caller) -> None:
    with serving():
        connection.cursor().execute(IN_ITS_PLACE)
        owner.post(BODY)
    assert by_key(owner.key.public_id).count() == 1


def test_staff_see_the_trail_in_the_admin(serving: Serving, owner: Caller) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("harbor-master"))
    with serving():
        owner.post(BODY)
        page = client.get("/admin/audit/record/", {"key": owner.key.public_id}).content.decode()
    assert f"API key {owner.key.public_id}" in page
