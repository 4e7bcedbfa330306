"""One line under several numbers: WhatsApp writes numbers of three countries otherwise than their owners do. Pure.

Mexican mobiles have lost a 1 after the country's code, Argentine ones have a 9 there only when called from abroad, and
older Brazilian ones have got a 9 before their eight digits; WhatsApp still knows many by the other form.
"""

import re
from typing import Final

# A longer form, and what is left of it in the shorter one.
FORMS: Final = (
    (re.compile(r"(\+52)1(\d{10})", re.ASCII), r"\1\2", re.compile(r"(\+52)(\d{10})", re.ASCII), r"\g<1>1\2"),
    (re.compile(r"(\+54)9(\d{10})", re.ASCII), r"\1\2", re.compile(r"(\+54)(\d{10})", re.ASCII), r"\g<1>9\2"),
    (
        re.compile(r"(\+55\d\d)9([6-9]\d{7})", re.ASCII),
        r"\1\2",
        re.compile(r"(\+55\d\d)([6-9]\d{7})", re.ASCII),
        r"\g<1>9\2",
    ),
)


def spellings(number: str) -> list[str]:
    """The numbers in E.164 that mean the same line, the shortest first; for nearly all numbers only itself."""
    for longer, to_shorter, shorter, to_longer in FORMS:
        if longer.fullmatch(number):
            return [longer.sub(to_shorter, number), number]
        if shorter.fullmatch(number):
            return [number, shorter.sub(to_longer, number)]
    return [number]


def line(number: str) -> str:
    """The one form under which a line is known here."""
    return spellings(number)[0]
