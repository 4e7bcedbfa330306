"""A language made of our own words: every message that the sources mark for translation, between brackets.

It is compiled as any other language's messages are, so a word that the sources don't mark, or that is looked up by
another text than it is marked by, stays as it is, and so do words that were never looked up.
"""

import ast
import gettext
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import allauth
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_javascript, extract_python
from babel.messages.mofile import write_mo
from django import conf
from django.contrib import auth, humanize
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LANGUAGE = "uk"
"""Has letters of its own, so that dates, which no message holds, are told from English ones."""
OPEN, CLOSE = "⟦", "⟧"
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
APPS = ("accounts", "dashboard", "notifications", "project")
READ = ("title", "aria-label", "placeholder", "alt", "data-label")
SCRIPTS = sorted(path for path in (ROOT / "static").glob("*.js"))
SENTENCE = re.compile(r"[A-Za-z0][\w'’.,;:% -]*[a-z]{2,}[\w'’.,;:%?! -]* [\w'’.,;:%?! -]*")
NO_WORDS = {"use strict", "toast plain show 0", "num 0", "main .is-invalid", "a, input, select, details"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}

Message = str | tuple[str, str]
QUOTED = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b_?n?(?:gettext)?\({QUOTED}(?:, *{QUOTED})?")


def marked() -> Iterator[Message]:
    """Every message of our sources, a pair where it has a plural."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from in_source(path.read_bytes())
    for path in sorted((ROOT / "templates").rglob("*.*")):
        yield from in_template(path)


def in_template(path: Path) -> Iterator[Message]:
    """As makemessages reads it: what Django makes of a template for xgettext."""
    for found in CALL.finditer(templatize(path.read_text(), origin=str(path))):
        texts = [ast.literal_eval(text) for text in found.groups() if text]
        yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def in_source(source: bytes) -> Iterator[Message]:
    for _, function, texts, _ in extract_python(io.BytesIO(source), KEYWORDS, (), {"encoding": "utf-8"}):
        if isinstance(texts, str):
            yield texts
        elif function == "ngettext":
            yield texts[0], texts[1]


def in_scripts() -> Iterator[str]:
    for path in SCRIPTS:
        for _, _, text, _ in extract_javascript(io.BytesIO(path.read_bytes()), {"gettext": None}, (), {}):
            yield str(text)


def unmarked_in_scripts() -> Iterator[str]:
    """Strings of several words that no script looks up."""
    for path in SCRIPTS:
        code = re.sub(r"(?<!:)//.*", "", path.read_text())
        for found in re.finditer(r"""(gettext\()?("[^"\n]*"|`[^`]*`)""", code):
            text = re.sub(r"\$\{[^}]*\}", "0", found[2][1:-1])
            if not found[1] and SENTENCE.fullmatch(text) and text not in NO_WORDS:
                yield f"{path.name}: {text}"


def of_libraries() -> Iterator[Message]:
    """Those of Django and of the sign-up library, by what they have translated into German."""
    for package in (auth, conf, humanize, allauth):
        folder = Path(str(package.__file__)).parent / "locale"
        for path in folder.glob("de/LC_MESSAGES/django.mo"):
            with path.open("rb") as file:
                keys = list(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
            for key in keys:
                if isinstance(key, str) and key and "\x04" not in key:
                    yield key


def compile_into(folder: Path) -> int:
    """Write the language there, as LOCALE_PATHS has it; how many messages of our own it holds."""
    path = folder / LANGUAGE / "LC_MESSAGES"
    path.mkdir(parents=True)
    of_scripts = Catalog(locale=LANGUAGE)
    for text in in_scripts():
        of_scripts.add(text, bracketed(text))
    with (path / "djangojs.mo").open("wb") as file:
        write_mo(file, of_scripts)
    catalog = Catalog(locale=LANGUAGE)
    own = dict.fromkeys(marked())
    for message in [*of_libraries(), *own]:
        if isinstance(message, tuple):
            catalog.add(message, tuple(bracketed(message[1]) for _ in range(catalog.num_plurals)))
        else:
            catalog.add(message, bracketed(message))
    with (path / "django.mo").open("wb") as file:
        write_mo(file, catalog)
    return len(own)


def bracketed(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


class Words(HTMLParser):
    """What a page says to people: its text as it follows, and each attribute that is shown or read aloud."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.attributes: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.attributes += [facts[name] for name in READ if name in facts]
        if tag == "input" and facts.get("type") in {"submit", "button"}:
            self.attributes.append(facts.get("value", ""))
        if tag in {"script", "style", "code", "kbd", "datalist"}:
            self.silent += 1
        elif tag not in VOID:
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "code", "kbd", "datalist"}:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


def outside(text: str) -> str:
    """What of a text stands in no brackets. Raises AssertionError where they don't match."""
    depth, found = 0, []
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        assert depth >= 0, f"closed before it was opened: …{text[-80:]}"
        if not depth:
            found.append(" " if letter == CLOSE else letter)
    assert not depth, "opened and never closed"
    return "".join(found)


def untranslated(page: str) -> str:
    """What of a page, or of a text without tags, stands in no brackets."""
    words = Words()
    words.feed(page)
    words.close()
    return "\n".join([outside("".join(words.said)), *(outside(text) for text in words.attributes)])
