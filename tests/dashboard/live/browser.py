"""A page in a browser, as far as frames concern it: elements with ids that htmx replaces. Pure."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

CELL = re.compile(r'<span id="([pht]-[A-Za-z0-9_-]+)"[^>]*>[^<]*</span>')
MARK = re.compile(r' data-mark="(\w+)"')
SECTION = re.compile(r'<section id="([a-z]+)".*?</section>(?!</section>)', re.DOTALL)
NAMED = re.compile(r' data-(?:field|total)="[^"]*"')
SAID = re.compile(r'(?: data-by="([^"]*)")?(?: data-at="\d+")?$')
VALUE = re.compile(r'data-value="([^"]*)"')


def cells_of(html: str) -> dict[str, str]:
    return {found[1]: found[0] for found in CELL.finditer(html)}


def mark_in(html: str) -> str:
    """What the page says of how its sections are built, when it opens its socket anew."""
    found = MARK.search(html)
    return found[1] if found else ""


def complete(cell: str, current: str) -> str:
    """The cell of a frame as the page has it: static/live.js keeps the name of its field and adds its title and the
    classes that follow from it.
    """
    if " title=" in cell or 'class="num' in cell:
        return cell
    named = NAMED.search(current)
    assert named is not None
    cell = cell.replace(" data-value", f"{named[0]} data-value", 1)
    head, _, text = cell.removesuffix("</span>").partition(">")
    text = unescape(text)
    tone = {"▲": "gain", "▼": "loss"}.get(text[0], "")
    said = SAID.search(head)
    assert said is not None
    head = head[: said.start()]
    head, _, extra = head.removesuffix('"').partition(' class="') if " class=" in head else (head, "", "")
    exact = VALUE.search(head)
    assert exact is not None
    source = f", {said[1]}" if said[1] else ""
    title = f' title="{exact[1]}{source}"' if exact[1] else ""
    classes = " ".join(name for name in ("num", tone, extra) if name)
    return f'{head}{title} class="{classes}"{said[0]}>{text}</span>'


class Browser:
    """What the page shows. A cell for which the page has no place is a fault of the server's."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        self.fetch = fetch
        self.open()
        self.toasts: list[str] = []
        self.live, self.sequence = "off", 0
        self.frames: list[str] = []

    def open(self) -> None:
        """Load the page."""
        html = self.fetch()
        self.cells = cells_of(html)
        self.mark = mark_in(html)

    def apply(self, frame: str) -> None:
        self.frames.append(frame)
        state = re.search(r'id="live-state" data-live="(\w+)" data-sequence="(\d+)"', frame)
        if state:
            assert int(state[2]) >= self.sequence, "an older sequence overwrites a newer one"
            self.live, self.sequence = state[1], int(state[2])
        self.toasts += re.findall(r'data-alert="(\d+)"', frame)
        if "data-positions-changed" in frame:
            self.cells = cells_of(self.fetch())
        sections = SECTION.findall(frame)
        if sections:
            whole = "".join(found[0] for found in SECTION.finditer(frame))
            self.cells = cells_of(whole)
            self.mark = mark_in(whole)
            frame = SECTION.sub("", frame)
        for id, html in cells_of(frame).items():
            assert id in self.cells, f"{id} is not on the page"
            self.cells[id] = complete(html, self.cells[id])

    def value(self, id: str) -> Decimal | None:
        found = VALUE.search(self.cells[id])
        assert found is not None
        return Decimal(found[1]) if found[1] else None
