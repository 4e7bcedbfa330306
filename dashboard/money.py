"""What counts as an amount: a finite Decimal with at most 20 integer and 18 decimal digits, written plainly."""

from decimal import Context, Decimal, InvalidOperation

from django.utils.translation import gettext

INTEGER_DIGITS = 20
DECIMAL_PLACES = 18
QUANTUM = Decimal(1).scaleb(-DECIMAL_PLACES)
LIMIT = Decimal(10) ** INTEGER_DIGITS
PRICE_DIGITS = 9
"""Significant digits that a price keeps at least, however small it is."""
WIDE = Context(prec=60)


class AmountError(ValueError):
    """The text or number is no amount that can be kept exactly; the message says why, for people."""


def parse_amount(text: str | int | Decimal) -> Decimal:
    """The exact amount that `text` states.

    Raises AmountError for anything that is not a finite number in plain or scientific notation with at most
    20 integer digits and 18 decimals.
    """
    if isinstance(text, str):
        text = text.strip()
        if len(text) > 80:
            raise AmountError(gettext("Enter a shorter number."))
    try:
        number = Decimal(text)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise AmountError(gettext("Enter a number.")) from error
    return check_amount(number)


def check_amount(number: Decimal) -> Decimal:
    """`number` itself, without trailing zeros; AmountError where it cannot be kept exactly."""
    if not number.is_finite():
        raise AmountError(gettext("Enter a number."))
    if number and number.adjusted() >= INTEGER_DIGITS:
        raise AmountError(
            gettext("Enter a number with at most %(integer_digits)s digits before the decimal point.")
            % {"integer_digits": INTEGER_DIGITS}
        )
    number = WIDE.normalize(number) if number else Decimal(0)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMAL_PLACES:
        raise AmountError(
            gettext("Enter a number with at most %(decimal_places)s decimals.") % {"decimal_places": DECIMAL_PLACES}
        )
    return number


def quantize(number: Decimal) -> Decimal:
    """`number` rounded half even to 18 decimals: for results of a division or a conversion, never for input."""
    return WIDE.quantize(number, QUANTUM)


def trimmed(number: Decimal) -> Decimal:
    """`number` without trailing zeros after the decimal point: what `plain` would write, as a Decimal."""
    whole = number.to_integral_value(context=WIDE)
    return whole if whole == number else WIDE.normalize(number)


def quantize_price(number: Decimal) -> Decimal:
    """As `quantize`, with more decimals where a price would else keep fewer than nine significant digits."""
    exponent = number.adjusted() - PRICE_DIGITS + 1
    if not number or exponent >= -DECIMAL_PLACES:
        return WIDE.quantize(number, QUANTUM)
    return WIDE.quantize(number, Decimal(1).scaleb(exponent))


def plain(number: Decimal) -> str:
    """`number` in plain notation without exponent or trailing zeros: `0.00000001`, `21000000`, `-3.5`."""
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    if text[-1] == "0" and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if number else "0"
