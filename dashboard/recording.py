"""Services: recording, changing and deleting transactions, with the positions they make, in one step each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from dashboard.live.announce import announce_positions
from dashboard.models import Portfolio, Position, Transaction


class TooMany(Exception):
    """The account has reached a limit; the message says which."""
