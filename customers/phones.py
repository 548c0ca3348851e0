"""Phone numbers: which are possible, and when two are the same."""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

MAX_LENGTH = 32


@lru_cache(maxsize=4096)  # what is judged is stored next, and parsing it is most of what either costs
def phone_key(phone: str, region: str) -> str:
    """Answer the number in E.164 (`+14045550128`), or its country's code and its digits where it's local (`1 5550100`).

    `region` is where a number without a country code belongs. Raise ValueError for a number that can't exist there.
    """
    try:
        number = phonenumbers.parse(phone, region)
    except NumberParseException as error:
        raise ValueError(phone) from error
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return f"{number.country_code} {phonenumbers.national_significant_number(number)}"
    raise ValueError(phone)
