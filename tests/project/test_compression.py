"""What goes over the wire is small, without a proxy in front: files compressed once, pages with each answer."""

# ruff: noqa: F401, F811 - fixtures are imported

import gzip
import os
from pathlib import Path

import brotli
import pytest
from django.conf import settings as configured
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from project.files import encoded
from tests.dashboard.page_world import ada, bought, coins, page

STYLES = (configured.BASE_DIR / "static" / "app.css").read_bytes()


def body(answer: HttpResponseBase) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]


def ask(client: Client, path: str, accepted: str = "") -> HttpResponseBase:
    return client.get(path, headers={"accept-encoding": accepted} if accepted else {})


def test_a_file_comes_in_the_smallest_encoding_that_is_accepted() -> None:
    client = Client()
    by_brotli, by_gzip = ask(client, "/static/app.css", "gzip, deflate, br"), ask(client, "/static/app.css", "gzip")
    plain = ask(client, "/static/app.css")
    assert (by_brotli["Content-Encoding"], by_gzip["Content-Encoding"]) == ("br", "gzip")
    assert "Content-Encoding" not in plain
    assert {one["Vary"] for one in (by_brotli, by_gzip, plain)} == {"Accept-Encoding"}
    small, medium, all_of_it = body(by_brotli), body(by_gzip), body(plain)
    assert brotli.decompress(small) == gzip.decompress(medium) == all_of_it == STYLES
    assert len(small) < len(medium) < len(all_of_it) / 3
    assert int(by_brotli["Content-Length"]) == len(small)


def test_a_file_that_a_browser_has_is_not_sent_again() -> None:
    client = Client()
    first = ask(client, "/static/app.css", "br")
    assert body(first)
    headers = {"accept-encoding": "br", "if-none-match": first["ETag"]}
    again = client.get("/static/app.css", headers=headers)
    assert (again.status_code, body(again)) == (304, b"")


def test_pictures_are_sent_as_they_are() -> None:
    picture = next((configured.BASE_DIR / "static" / "icons").glob("*.png"))
    answer = ask(Client(), f"/static/icons/{picture.name}", "gzip, br")
    assert "Content-Encoding" not in answer
    assert body(answer) == picture.read_bytes()


def test_a_file_is_compressed_once_and_anew_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "long.css"
    file.write_text("a { color: red }\n" * 100)
    first = encoded(file)
    made = {path: os.stat(path).st_mtime_ns for path in first.values()}
    assert encoded(file) == first
    assert {path: os.stat(path).st_mtime_ns for path in first.values()} == made
    file.write_text("b { color: red }\n" * 200)
    second = encoded(file)
    assert second.keys() == {"br", "gzip"}
    assert not set(first.values()) & set(second.values())
    assert brotli.decompress(Path(second["br"]).read_bytes()) == file.read_bytes()


def test_where_nothing_can_be_written_files_are_sent_as_they_are(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "long.css"
    file.write_text("a { color: red }\n" * 100)
    settings.DATA_DIR = file / "no folder"
    assert encoded(file) == {}


def test_what_does_not_become_smaller_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "noise.bin"
    file.write_bytes(os.urandom(5000))
    assert encoded(file) == encoded(file) == {}


@pytest.mark.django_db
def test_pages_are_compressed_and_their_length_says_nothing(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    answers = [ask(page, "/", "gzip, br") for _ in range(10)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert b"Bitcoin" in gzip.decompress(body(answers[0]))
    assert len(body(answers[0])) < len(body(ask(page, "/"))) / 3
    assert len({len(body(answer)) for answer in answers}) > 1
    assert "Accept-Encoding" in answers[0]["Vary"]


@pytest.mark.django_db
def test_what_is_streamed_goes_as_it_is(page: Client) -> None:
    answer = ask(page, "/settings/export.json", "gzip")
    assert answer.streaming
    assert "Content-Encoding" not in answer
