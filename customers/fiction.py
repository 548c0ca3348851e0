"""Fiction: believable customers, any number of them, none of whom exists.

E-mail domains are those that RFC 2606 reserves, telephone numbers the 555-0100 to 555-0199 that are kept for fiction.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, product
from math import prod
from random import Random
from typing import Any

from customers.loading import BATCH, Mould, Record, ahead, batches, store
from customers.models import AccountType, Customer, CustomerQuerySet, now_in_milliseconds
from organizations.models import Organization


def words(text: str) -> tuple[str, ...]:
    """Answer the words of a text."""
    return tuple(text.split())


FIRST_NAMES = words("""
    Ada Amir Anna Ben Bruno Carla Chen Clara Dana Dev Diego Elena Emil Erik Fatima Felix Finn Grace Hana Hugo Ines
    Iris Ivan Jana Jonas Julia Kai Karim Lars Leila Lena Lin Luca Lucy Maja Malik Marco Maria Mei Mila Milo Mina
    Nadia Nico Nina Noah Nora Olga Omar Oscar Paula Petra Priya Rafael Rosa Ruth Sami Sara Simon Sofia Tara Theo
    Tomas Uma Vera Victor Wen Yara Yusuf Zoe
""")
LAST_NAMES = words("""
    Abbott Adler Ash Bailey Barlow Beck Birch Blake Bloom Brook Burke Carver Castle Clay Cole Cooper Cross Dale
    Dean Drake Ellis Farmer Fields Fisher Fleming Ford Fox Frost Gardner Glover Grant Gray Greene Hale Harbor Hart
    Hayes Heath Hill Holm Hunter Ivers Jordan Keller Kent Kirk Lake Lane Larkin Lowe Marsh Mason Meyer Miller
    Moore Nash North Olsen Page Park Parker Pierce Poole Porter Reed Rivers Rowe Sawyer Shaw Silva Snow Sommer
    Stone Sutton Swan Tate Thorne Turner Vance Vogel Wade Walker Ward Weaver Webb Wells West Winter Wolf Wood York
    Young
""")
INITIALS = "ABCDEFGHJKLMNOPRSTW"
MAIL_DOMAINS = ("example.com", "example.net", "example.org")
PLACES = words("""
    Alder Amber Aspen Bayside Beacon Birchwood Blue Bridge Canyon Cedar Chestnut Clearwater Cliff Coral Crescent
    Cypress Delta Eagle Eastgate Elm Evergreen Falcon Fern Garnet Golden Granite Harbor Hazel Heron Hillside Iron
    Ivy Juniper Lakeside Laurel Liberty Lighthouse Linden Magnolia Maple Meadow Mesa Mill Northside Oak Olive
    Orchard Pacific Pine Pioneer Prairie Quarry Ridge River Rose Sage Sequoia Silver Spruce Summit Sunrise Timber
    Valley Vista Walnut Westgate Willow
""")
TRADES = words("""
    Appliance Carpentry Cleaning Concrete Drywall Electric Elevators Facilities Fencing Flooring Gardens Gutters
    Heating Insulation Irrigation Landscaping Locksmiths Masonry Painting Paving Plumbing Pools Restoration
    Roofing Security Solar Tiling Windows
""")
KINDS = ("Services", "Group", "Partners", "Company", "Works", "Brothers")
TOWNS = words("""
    Albany Athens Austin Boise Boston Camden Chester Concord Dallas Dayton Denver Dover Eugene Fargo Fresno Helena
    Houston Irvine Jackson Juneau Lincoln Macon Madison Memphis Miami Mobile Newark Norfolk Oakland Omaha Orlando
    Phoenix Portland Provo Raleigh Reno Salem Seattle Tacoma Tampa Toledo Tucson Tulsa Yonkers
""")
AREAS = (212, 303, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 816, 901, 919)
PHONES = [f"+1-{area}-555-01{line:02}" for area, line in product(AREAS, range(100))]
STRIDE = 1_000_003  # a prime that no list is as long as: striding through all combinations meets each once, well mixed
SPAN = 5 * 365 * 24 * 60 * 60 * 1000  # milliseconds


def generate(organization: Organization, number: int) -> Iterator[int]:
    """Store that many new customers; yield how many were stored, after each batch, which is one transaction.

    One whose e-mail address somebody holds is made up for by another.
    """
    records = records_of(organization, number, following(organization))
    while number:
        missing = 0
        for batch in ahead(batches((next(records) for _ in range(number)), BATCH)):
            lost = len(store(batch))
            missing += lost
            yield len(batch) - lost
        number = missing


def records_of(organization: Organization, number: int, first: int) -> Iterator[Record]:
    """Answer the customers from `first` on; `number` of them are spread over the last years, in order."""
    mould, now, chance = Mould(organization), now_in_milliseconds(), Random(number).random  # noqa: S311 - it's fiction.

    def record(index: int) -> Record:
        age = timedelta(milliseconds=int(SPAN * max(1 - (index + chance()) / number, 0)))
        return mould.record(invented(first + index), created_at=now - age)

    return map(record, count())


def made_for(organization: Organization) -> CustomerQuerySet:
    """Answer the organization's customers that were made here."""
    named = Customer.objects.of(organization).filter(external_id__gte="DEMO-0", external_id__lt="DEMO-A")
    return named.filter(external_id__regex=r"^DEMO-[0-9]{9}$")


def following(organization: Organization) -> int:
    """Answer the number of the first customer that was not made yet."""
    latest = made_for(organization).order_by("-external_id").values_list("external_id", flat=True).first()
    return int((latest or "DEMO-0").removeprefix("DEMO-")) + 1


def invented(serial: int) -> dict[str, Any]:
    """Answer the fields of the customer with that number, of whom no other has the e-mail address."""
    make = business if serial % 2 else person
    return {**make(serial // 2), "phone": PHONES[serial * STRIDE % len(PHONES)], "external_id": f"DEMO-{serial:09}"}


def person(serial: int) -> dict[str, Any]:
    """Answer a person's names and address: `ada.k.brook@example.com`."""
    (first, last, initial, domain), turn = combination(serial, FIRST_NAMES, LAST_NAMES, INITIALS, MAIL_DOMAINS)
    return {
        "account_type": AccountType.INDIVIDUAL.value,
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{initial}.{last}{turn}@{domain}".lower(),
    }


def business(serial: int) -> dict[str, Any]:
    """Answer a business's names and address: `ada@cedar-roofing-partners-denver.example`."""
    (place, trade, kind, town), turn = combination(serial, PLACES, TRADES, KINDS, TOWNS)
    first, last = FIRST_NAMES[serial % len(FIRST_NAMES)], LAST_NAMES[serial % len(LAST_NAMES)]
    return {
        "account_type": AccountType.BUSINESS.value,
        "company_name": f"{place} {trade} {kind}",
        "first_name": first,
        "last_name": last,
        "email": f"{first}{turn}@{place}-{trade}-{kind}-{town}.example".lower(),
    }


def combination(serial: int, *lists: Any) -> tuple[list[str], str]:
    """Answer a word of each list, another combination for each number, and the turn where all have been used before."""
    turn, place = divmod(serial, prod(map(len, lists)))
    place = place * STRIDE % prod(map(len, lists))
    chosen = []
    for one in lists:
        place, index = divmod(place, len(one))
        chosen.append(one[index])
    return chosen, str(turn + 1) if turn else ""
