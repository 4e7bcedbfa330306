"""Which of the known formats a file is, by its set of column names."""

from collections.abc import Sequence

from django.utils.translation import gettext

from dashboard.importing import (
    binance_history,
    binance_moves,
    binance_trades,
    coinbase,
    coinbase_pro,
    coinstats,
    cointracker,
    cointracking,
    cryptocom,
    delta,
    koinly,
    kraken_ledgers,
    kraken_trades,
    kucoin,
    tickfolio,
)
from dashboard.importing.formats import Format
from dashboard.importing.table import HEADER_WITHIN, Table, UnreadableFile, find_table

FORMATS: tuple[Format, ...] = (
    tickfolio.FORMAT,
    *coinbase.FORMATS,
    *coinbase_pro.FORMATS,
    *binance_history.FORMATS,
    *binance_trades.FORMATS,
    *binance_moves.FORMATS,
    kraken_ledgers.FORMAT,
    kraken_trades.FORMAT,
    coinstats.FORMAT,
    *delta.FORMATS,
    *koinly.FORMATS,
    cointracking.FORMAT,
    cointracker.FORMAT,
    kucoin.FORMAT,
    cryptocom.FORMAT,
)
BY_KEY = {known.key: known for known in FORMATS}


class UnknownFormat(UnreadableFile):
    """The file's header is that of no format; somebody may say what its columns mean."""


def format_of(header: tuple[str, ...], own: Sequence[Format] = ()) -> Format | None:
    return next((known for known in (*FORMATS, *own) if known.knows(header)), None)


def recognise(text: str, own: Sequence[Format] = ()) -> tuple[Format, Table]:
    """The file's format and its lines, known here or among the user's `own`. UnreadableFile where it is neither."""
    if not text.strip():
        raise UnreadableFile(gettext("the file is empty."), 1)
    table = find_table(text, lambda header: format_of(header, own) is not None)
    if table is None:
        raise UnknownFormat(
            gettext(
                "no header of a known format stands in the first %(header_within)s lines. What the "
                "columns of other lists mean can be said on the page Import, once for all files like it."
            )
            % {"header_within": HEADER_WITHIN},
            1,
        )
    known = format_of(table.header, own)
    assert known is not None  # noqa: S101 - find_table asked the same question
    return known, table
