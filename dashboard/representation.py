"""How exact numbers, times and texts are written in JSON, and read from it; types for the API's schemas, nothing else.

Numbers are strings in plain notation on the way out; on the way in they are strings or JSON numbers, read exactly.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from dashboard.money import parse_amount, plain

NUMBER_OUT = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["0.00000001"]}
NUMBER_IN = {"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["0.00000001"]}


def read_number(value: Any) -> Decimal:
    """A string or a JSON number as the exact amount that it states; ValueError for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("Enter a number.")
    return parse_amount(value)


def read_moment(value: Any) -> datetime:
    """An ISO-8601 time as UTC, which is also what one without a zone is in; ValueError for all else."""
    if isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str):
            raise ValueError
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("Enter a date and time such as 2026-05-03T12:00:00Z.") from error


def write_moment(moment: datetime) -> str:
    """`2026-05-03T12:00:00Z`, to the microsecond where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def storable(text: str) -> str:
    """`text` itself; ValueError where it holds what a database can't keep as text."""
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("Use characters that can be written.")
    return text


NumberOut = Annotated[Decimal, PlainSerializer(plain, return_type=str), WithJsonSchema(NUMBER_OUT)]
NumberIn = Annotated[Decimal, BeforeValidator(read_number), WithJsonSchema(NUMBER_IN)]
MomentOut = Annotated[
    datetime,
    PlainSerializer(write_moment, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
MomentIn = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Text = Annotated[str, AfterValidator(storable)]
