"""Roles: who may see and do what, at every address of the admin.

The tables name each address; one that no table names fails the test of completeness.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_migrate
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apikeys.usage.models import Refusal
from asteri.audit.models import Record
from asteri.staff.roles import ROLES, Role
from tests.callers import Caller
from tests.factories import make_customer
from tests.staff.conftest import member, signed_in

NOBODY = "nobody"  # on the staff, without a role
SUPPORT = {*Role}
OPERATIONS = {Role.OPERATIONS, Role.ADMINISTRATORS}
ADMINISTRATORS = {Role.ADMINISTRATORS}
ANYBODY = {NOBODY, *Role}
NOT_EVEN_THEY: set[str] = set()

# Who may see each page of each model: list, add, change, delete, history.
MODELS: dict[str, tuple[set[Any], set[Any], set[Any], set[Any]]] = {
    "organizations_organization": (SUPPORT, OPERATIONS, SUPPORT, NOT_EVEN_THEY),
    "apikeys_apikey": (SUPPORT, OPERATIONS, SUPPORT, NOT_EVEN_THEY),
    "customers_customer": (SUPPORT, OPERATIONS, SUPPORT, ADMINISTRATORS),
    "usage_refusal": (SUPPORT, NOT_EVEN_THEY, SUPPORT, NOT_EVEN_THEY),
    "audit_record": (SUPPORT, NOT_EVEN_THEY, SUPPORT, NOT_EVEN_THEY),
    "auth_user": (ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS),
    "auth_group": (ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS),
}
# Who may open each of the other pages.
PAGES: dict[str, set[Any]] = {
    "index": ANYBODY,
    "password_change": ANYBODY,
    "password_change_done": ANYBODY,
    "jsi18n": ANYBODY,
    "second_factor": ANYBODY,
    "auth_user_password_change": ADMINISTRATORS,
    "organizations_organization_suspend": OPERATIONS,
    "organizations_organization_reactivate": OPERATIONS,
    "apikeys_apikey_hygiene": SUPPORT,
    "apikeys_apikey_rotate": OPERATIONS,
    "apikeys_apikey_revoke": OPERATIONS,
    "customers_customer_export": SUPPORT,
    "customers_customer_import": OPERATIONS,
    "customers_customer_import_sheet": OPERATIONS,
    "customers_customer_import_bad_rows": OPERATIONS,
    "usage_refusal_explain": SUPPORT,
}
# Who may send to each of the addresses that take nothing but a POST.
DEEDS: dict[str, set[Any]] = {
    "apikeys_apikey_expire": OPERATIONS,
    "customers_customer_alike": SUPPORT,
    "customers_customer_import_go_on": OPERATIONS,
    "customers_customer_import_start": OPERATIONS,
    "customers_customer_import_discard": OPERATIONS,
}
# Open to whoever isn't signed in; Django's own ways, which check the model's permission themselves or show nothing.
OTHERS = {"login", "logout", "autocomplete", "view_on_site", "app_list"}


@pytest.fixture
def rows(owner: Caller) -> dict[str, Any]:
    """Answer one row of each model."""
    return {
        "organizations_organization": owner.organization.pk,
        "apikeys_apikey": owner.key.pk,
        "customers_customer": make_customer(owner.organization).pk,
        "usage_refusal": Refusal.objects.create(at=timezone.now(), request_id="r", status=404, kind="not_found").pk,
        "audit_record": Record.objects.latest("pk").pk,
        "auth_user": User.objects.create_user("grace").pk,
        "auth_group": Group.objects.create(name="Others").pk,
    }


def staff(who: str) -> Client:
    return signed_in(member(None if who == NOBODY else Role(who)))


def names(patterns: Any) -> set[str]:
    """Answer the names of all addresses of the admin."""
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(pattern.name)
    return found


def test_the_tables_name_every_address() -> None:
    (site,) = [one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "admin"]
    pages = ("changelist", "add", "change", "delete", "history")
    of_models = {f"{model}_{page}" for model in MODELS for page in pages}
    assert names(site.url_patterns) == of_models | PAGES.keys() | DEEDS.keys() | OTHERS  # type: ignore[union-attr]
    assert set(MODELS) == {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}


@pytest.mark.parametrize("who", [NOBODY, *Role])
@pytest.mark.parametrize("model", MODELS)
def test_each_role_sees_the_pages_of_its_models_and_no_others(rows: dict[str, Any], model: str, who: str) -> None:
    client, pk = staff(who), [rows[model]]
    seen, added, changed, deleted = MODELS[model]
    expected = {"changelist": seen, "add": added, "change": changed, "delete": deleted, "history": seen}
    for page, allowed in expected.items():
        response = client.get(reverse(f"admin:{model}_{page}", args=[] if page in ("changelist", "add") else pk))
        assert response.status_code == (200 if who in allowed else 403), page
    assert client.get(reverse("admin:app_list", args=[model.partition("_")[0]])).status_code == (
        200 if who in seen else 404
    )


def address(page: str, rows: dict[str, Any]) -> str:
    """Answer a page's address: of a user or a key that is there, of a sheet that isn't."""
    whose = next((pk for model, pk in rows.items() if page.startswith(model)), uuid4())
    try:
        return reverse(f"admin:{page}")
    except NoReverseMatch:
        return reverse(f"admin:{page}", args=[whose if "import" not in page else uuid4()])


@pytest.mark.parametrize("who", [NOBODY, *Role])
@pytest.mark.parametrize("page", [*PAGES, *DEEDS])
def test_each_role_sees_its_other_pages(rows: dict[str, Any], page: str, who: str) -> None:
    client, allowed = staff(who), {**PAGES, **DEEDS}[page]
    send = client.post if page in DEEDS else client.get
    response = send(address(page, rows), headers={"accept": "text/html"})
    assert (response.status_code == 403) == (who not in allowed)
    assert response.status_code in (200, 302, 403, 404)
    assert not response.headers.get("Location", "").startswith("/admin/login/")


@pytest.mark.parametrize("page", [*PAGES, *(f"{model}_{page}" for model in MODELS for page in ("changelist", "add"))])
def test_nobody_sees_anything_without_signing_in(rows: dict[str, Any], page: str) -> None:
    response = Client().get(address(page, rows))
    assert response.headers["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize("model", ["organizations_organization", "apikeys_apikey", "customers_customer"])
def test_support_is_shown_nothing_that_changes(rows: dict[str, Any], support: Client, model: str) -> None:
    index = support.get("/admin/").content.decode()
    listed = support.get(reverse(f"admin:{model}_changelist")).content.decode()
    changed = support.get(reverse(f"admin:{model}_change", args=[rows[model]])).content.decode()
    for page in (index, listed, changed):
        assert [word for word in ("addlink", 'name="action"', "_save", "deletelink") if word in page] == []


@pytest.mark.parametrize("model", ["organizations_organization", "apikeys_apikey", "customers_customer"])
def test_support_changes_nothing_by_hand_either(rows: dict[str, Any], support: Client, model: str) -> None:
    for page, arguments in (("add", []), ("change", [rows[model]])):
        assert support.post(reverse(f"admin:{model}_{page}", args=arguments), {"name": "New"}).status_code == 403


def test_an_organization_is_searched_for_by_those_who_may_see_it(owner: Caller, support: Client) -> None:
    query = {"app_label": "apikeys", "model_name": "apikey", "field_name": "organization"}
    assert support.get("/admin/autocomplete/", query).status_code == 200
    assert staff(NOBODY).get("/admin/autocomplete/", query).status_code == 403


def test_an_administrator_makes_nobody_a_superuser(administrator: Client) -> None:
    grace = User.objects.create_user("grace", is_staff=True)
    form = {"username": "grace", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert administrator.post(f"/admin/auth/user/{grace.pk}/change/", form).status_code == 302
    grace.refresh_from_db()
    assert not grace.is_superuser


@pytest.mark.parametrize("page", ["change", "delete", "password"])
def test_an_administrator_touches_no_superuser(administrator: Client, page: str) -> None:
    root = User.objects.create_superuser("root")
    form = {"username": "root", "password1": "new-one-2026", "password2": "new-one-2026", "post": "yes"}
    assert administrator.post(f"/admin/auth/user/{root.pk}/{page}/", form).status_code == 403


def test_a_superuser_makes_another(admin_client: Client) -> None:
    grace = User.objects.create_user("grace", is_staff=True)
    admin_client.post(f"/admin/auth/user/{grace.pk}/change/", {"username": "grace", "is_superuser": "on"})
    grace.refresh_from_db()
    assert grace.is_superuser


@pytest.mark.parametrize("role", Role)
def test_each_role_has_what_its_table_says(db: None, role: Role) -> None:
    given = Group.objects.get(name=role.value).permissions.values_list("content_type__app_label", "codename")
    labels = {config.label for config in apps.get_app_configs()}
    expected = {name for name in ROLES[role] if name.partition(".")[0] in labels}
    assert {".".join(permission) for permission in given} == expected


def migrated(label: str) -> None:
    """Tell who listens that an app was migrated."""
    post_migrate.send(apps.get_app_config(label), app_config=apps.get_app_config(label), using="default", verbosity=0)


def test_what_administrators_change_about_a_role_stays(db: None) -> None:
    group = Group.objects.get(name=Role.SUPPORT)
    group.permissions.remove(Permission.objects.get(codename="view_customer"))
    group.permissions.add(Permission.objects.get(codename="add_customer"))
    before = set(group.permissions.all())
    migrated("customers")
    assert set(group.permissions.all()) == before


def test_a_permission_that_is_new_is_given_to_its_roles(db: None) -> None:
    Permission.objects.filter(content_type=ContentType.objects.get(model="customer")).delete()
    Group.objects.get(name=Role.SUPPORT).delete()
    migrated("customers")
    assert Group.objects.filter(permissions__codename="view_customer").count() == 3
    assert Group.objects.filter(permissions__codename="delete_customer").count() == 1
