"""How exact amounts live in the database: text on SQLite, whose DECIMAL keeps 15 digits, NUMERIC elsewhere."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from dashboard.money import DECIMAL_PLACES, INTEGER_DIGITS, AmountError, parse_amount, plain, trimmed


class MoneyField(models.Field):
    """A Decimal of at most 20 integer digits and 18 decimals, returned exactly as it was stored.

    On SQLite values are compared as text: order and sum them in Python.
    """

    description = "Exact decimal number"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        if connection.vendor == "sqlite":
            return "text"
        return f"numeric({INTEGER_DIGITS + DECIMAL_PLACES}, {DECIMAL_PLACES})"

    def get_internal_type(self) -> str:
        return "MoneyField"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            return parse_amount(value)
        except AmountError as error:
            raise ValidationError(str(error), code="invalid") from error

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Decimal | None:
        if value is None:
            return None
        # NUMERIC pads to 18 decimals; the canonical form is the same on every database.
        return Decimal(value) if connection.vendor == "sqlite" else trimmed(Decimal(value))

    def get_prep_value(self, value: Any) -> Decimal | None:
        value = super().get_prep_value(value)
        return None if value is None else self.to_python(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        value = value if prepared else self.get_prep_value(value)
        if value is None:
            return None
        return plain(value) if connection.vendor == "sqlite" else value

    def value_to_string(self, obj: models.Model) -> str:
        value: Any = self.value_from_object(obj)
        return "" if value is None else plain(value)
