"""How the API says that something is wrong: `{"detail": …}`, and for fields a list that names each."""

from dashboard.api.schemas import Fault
from dashboard.drafts import DraftErrors


class Unprocessable(Exception):
    """Fields that can't be accepted; answered as 422."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


def unprocessable(field: str, message: str) -> Unprocessable:
    return Unprocessable([Fault(field=field, message=message)])


def of_draft(error: DraftErrors, *, listed: bool = False) -> Unprocessable:
    """The faults of a transaction; with its place where a list was sent."""
    index = error.index if listed else None
    faults = [Fault(field=f, message=text, index=index) for f, texts in error.errors.items() for text in texts]
    return Unprocessable(faults)
