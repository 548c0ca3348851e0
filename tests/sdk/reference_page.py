"""The reference page's own requests, as they stand in its text."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).with_name("customers-reference-page.txt").read_text()
CURL, TYPESCRIPT = r"(curl -X .*?)", r"(import \{ AsteriPublicApiClient \}.*?await client\.customers\.(\w+)\(.*?\);)"
REQUESTS = re.compile(CURL + TYPESCRIPT, re.DOTALL)
BASE_URL = "http://localhost:3000"
KEY = "ast_live_your_key"
CUSTOMER = {
    "id": "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
    "organization_id": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
    "created_at": "2026-03-18T15:40:12.000Z",
}
CONFLICT = {"error": "Customer email already exists in this organization", "field": "email"}


@dataclass(frozen=True)
class Example:
    """A request of the page in both of its languages."""

    name: str
    curl: str
    typescript: str

    def at(self, base_url: str) -> "Example":
        """Answer the example for a server elsewhere; it's the page's own, to the letter, for the page's own."""
        return Example(self.name, self.curl.replace(BASE_URL, base_url), self.typescript.replace(BASE_URL, base_url))


EXAMPLES = [Example(name, curl, typescript) for curl, typescript, name in REQUESTS.findall(PAGE)]
