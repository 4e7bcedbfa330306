"""Services and selector: what somebody has noted about a coin."""

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, AssetNote


def note_of(user: User, coin: Asset) -> AssetNote | None:
    return AssetNote.objects.filter(user=user, asset=coin).first()


def write_note(user: User, coin: Asset, text: str) -> None:
    """Keep the text in place of what was noted before; an empty one is no note."""
    if text:
        AssetNote.objects.update_or_create(user=user, asset=coin, defaults={"text": text, "written_at": clock.now()})
    else:
        AssetNote.objects.filter(user=user, asset=coin).delete()
