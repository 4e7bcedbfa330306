"""`python -m tests.benchmarks.rivals rp2|beancount FILE`: another program loads the purchases and sales of a file and
computes their gains by FIFO, in a process of its own, for it sets the precision of all decimals in its process.

Prints JSON: seconds, and the gain of every sale by number where the program tells.
"""

import csv
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

Gains = dict[str, Decimal]

INI = """[general]
assets = {assets}
exchanges = here
holders = me
[in_header]
timestamp = 0
[out_header]
timestamp = 0
[intra_header]
timestamp = 0
"""


def rows_of(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as lines:
        yield from csv.DictReader(lines)


def by_rp2(file: Path) -> Gains:
    """rp2's own transactions from the file, its engine, its gain for each sale."""
    from prezzemolo.avl_tree import AVLTree
    from rp2.accounting_engine import AccountingEngine
    from rp2.configuration import MAX_DATE, MIN_DATE, Configuration
    from rp2.in_transaction import InTransaction
    from rp2.input_data import InputData
    from rp2.out_transaction import OutTransaction
    from rp2.plugin.accounting_method.fifo import AccountingMethod
    from rp2.plugin.country.us import US
    from rp2.rp2_decimal import ZERO, RP2Decimal
    from rp2.tax_engine import compute_tax
    from rp2.transaction_set import TransactionSet

    rows = list(rows_of(file))
    assets = sorted({row["asset"] for row in rows})
    ini = file.with_suffix(".ini")
    ini.write_text(INI.format(assets=",".join(assets)))
    configuration = Configuration(str(ini), US())
    sets = {
        asset: [TransactionSet(configuration, kind, asset, MIN_DATE, MAX_DATE) for kind in ("IN", "OUT", "INTRA")]
        for asset in assets
    }
    for number, row in enumerate(rows):
        amount, value = RP2Decimal(row["amount"]), RP2Decimal(row["value"])
        common = (configuration, row["at"], row["asset"], "here", "me", row["kind"], value / amount, amount)
        incoming, outgoing, _ = sets[row["asset"]]
        facts: dict[str, Any] = {"row": number + 1, "unique_id": row["number"]}
        if row["kind"] == "buy":
            incoming.add_entry(InTransaction(*common, fiat_in_no_fee=value, **facts))
        else:
            outgoing.add_entry(OutTransaction(*common, ZERO, fiat_out_no_fee=value, fiat_fee=ZERO, **facts))
    methods: Any = AVLTree()
    methods.insert_node(MIN_DATE.year, AccountingMethod())
    gains: Gains = defaultdict(Decimal)
    for asset in assets:
        incoming, outgoing, moved = sets[asset]
        computed = compute_tax(configuration, AccountingEngine(methods), InputData(asset, incoming, outgoing, moved))
        lines: Any = computed.gain_loss_set
        for line in lines:
            gains[line.taxable_event.unique_id] += Decimal(line.fiat_gain)
    return gains


def by_beancount(file: Path) -> Gains:
    """beancount's own text from the file, loaded and booked; it rounds gains, so they are not told."""
    from beancount import loader

    text = ['option "booking_method" "FIFO"', "2000-01-01 open Income:Gain", "2000-01-01 open Assets:Cash"]
    opened = set()
    for row in rows_of(file):
        asset = row["asset"].upper()
        account = f"Assets:{asset}"
        if asset not in opened:
            text.append(f"2000-01-01 open {account}")
            opened.add(asset)
        text.append(f'{row["at"][:10]} * "{row["kind"]}"')
        if row["kind"] == "buy":
            text.append(f"  {account}  {row['amount']} {asset} {{{{{row['value']} USD}}}}")
            text.append(f"  Assets:Cash  -{row['value']} USD")
        else:
            text.append(f"  {account}  -{row['amount']} {asset} {{}} @@ {row['value']} USD")
            text.append(f"  Assets:Cash  {row['value']} USD")
            text.append("  Income:Gain")
    _, errors, _ = loader.load_string("\n".join(text))
    if errors:
        raise SystemExit(f"beancount refused the history: {errors[0]}")
    return {}


RIVALS: dict[str, Callable[[Path], Gains]] = {"rp2": by_rp2, "beancount": by_beancount}


def main(name: str, path: str) -> None:
    compute = RIVALS[name]
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm.csv"
        warm.write_text("".join(Path(path).read_text().splitlines(keepends=True)[:2]))
        compute(warm)  # modules are loaded once
    start = process_time()
    gains = compute(Path(path))
    spent = process_time() - start
    json.dump({"seconds": spent, "gains": {number: str(gain) for number, gain in gains.items()}}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
