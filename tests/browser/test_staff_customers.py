import pytest

from tests.browser.staff import Clerk, Office

pytestmark = pytest.mark.browser
SHEET = """account_type,company_name,email,phone
business,Aspen Roofing,office@aspen-roofing.example,+1-404-555-0141
business,Birch Plumbing,no address,+1-404-555-0142
household,Cedar Tiling,office@cedar-tiling.example,+1-404-555-0143
business,Delta Fencing,office@delta-fencing.example,+1-404-555-0144
"""


def test_a_sheet_with_bad_rows_is_imported(clerk: Clerk, office: Office) -> None:
    clerk.go(f"customers/customer/import/?organization={office.ids['organization']}")
    sheet = {"name": "customers.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    clerk.page.get_by_label("CSV file").set_input_files(sheet)  # type: ignore[arg-type]  # a FilePayload
    clerk.button("Look at the file").click()
    clerk.page.get_by_text("Nothing is imported yet.").wait_for()
    assert numbers(clerk) == ["2", "0", "2"]
    assert "email: Invalid email address" in clerk.page.get_by_role("row", name="3 ").first.inner_text()
    clerk.button("Import the good rows").click()
    clerk.page.get_by_text("Imported. The customers are there").wait_for()
    assert numbers(clerk) == ["2", "0", "2"]
    clerk.link("See the customers").click()
    clerk.page.locator("#searchbar").fill("delta fencing")
    clerk.page.locator("#searchbar").press("Enter")
    clerk.page.get_by_role("link", name="Delta Fencing").wait_for()
    assert download(clerk, office).startswith("row,")


def numbers(clerk: Clerk) -> list[str]:
    """Answer how many rows were created, skipped and bad."""
    return clerk.page.locator(".sheet-numbers dd").all_inner_texts()


def download(clerk: Clerk, office: Office) -> str:
    """Download the bad rows of the newest sheet."""
    clerk.go("customers/customer/import/")
    clerk.link("customers.csv").first.click()
    with clerk.page.expect_download() as downloading:
        clerk.link("Download the bad rows").click()
    return downloading.value.path().read_text(encoding="utf-8-sig")


def test_duplicates_are_warned_of_while_typing(clerk: Clerk, office: Office) -> None:
    clerk.go(f"customers/customer/add/?organization={office.ids['organization']}")
    clerk.page.get_by_label("Company name:").press_sequentially("North Harbor Facilities Inc")
    warning = clerk.page.get_by_role("status").filter(has_text="Similar name")
    warning.wait_for()
    assert warning.get_by_role("link", name="North Harbor Facilities").count() == 1
    clerk.page.get_by_label("Company name:").fill("")
    warning.wait_for(state="detached")
    clerk.page.get_by_label("Email:").press_sequentially("OPS@northerborfacilities.com")
    clerk.page.get_by_role("status").filter(has_text="Same e-mail").wait_for()
