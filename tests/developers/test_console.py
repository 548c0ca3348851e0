import pytest

from asteri.developers.document import Operation, operations
from asteri.developers.snippets import body_of
from tests.developers.reading import Element, page

pytestmark = pytest.mark.once
OPERATIONS = list(operations())
APART = {"x-organization-id", "X-Request-Id"}
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])


def form(operation: Operation) -> Element:
    return page("/developers/console").one("form", id=f"try-{operation.id}")


@every_operation
def test_every_parameter_of_an_operation_can_be_entered(operation: Operation) -> None:
    entered = {
        (one.attributes["data-place"], one.attributes["data-name"])
        for one in form(operation)
        if "data-name" in one.attributes
    }
    assert entered == {(one["in"], one["name"]) for one in operation.parameters if one["name"] not in APART}


@every_operation
def test_the_form_knows_the_request(operation: Operation) -> None:
    attributes = form(operation).attributes
    assert (attributes["data-method"], attributes["data-path"]) == (operation.method, operation.path)
    names = {parameter["name"] for parameter in operation.parameters}
    assert ("data-for-organization" in attributes) == ("x-organization-id" in names)
    assert len(form(operation).all("textarea")) == (body_of(operation) is not None)


def test_no_field_is_kept_by_the_browser() -> None:
    root = page("/developers/console").one("main")
    assert not [field for field in root if "name" in field.attributes]
    for name in ("console-key", "console-organization"):
        assert root.one("input", id=name).attributes["autocomplete"] == "off"
    assert {one.attributes["autocomplete"] for one in root.all("form")} == {"off"}
