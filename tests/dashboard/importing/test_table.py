"""Files are read whatever their encoding and delimiter, and refused with the line where they are damaged."""

import random

import pytest

from dashboard.importing.recognise import recognise
from dashboard.importing.table import Line, UnreadableFile, decode
from tests.dashboard.importing.damaged import DAMAGED, HEADER, ROW


def lines_of(content: bytes) -> list[Line]:
    return list(recognise(decode(content))[1].lines())


def refused(content: bytes) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        lines_of(content)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_endings_make_no_difference(encoding: str, delimiter: str, ending: str) -> None:
    text = f"{HEADER}{ending}{ROW}{ending}".replace(",", delimiter)
    assert [line.cells for line in lines_of(text.encode(encoding))] == [tuple(ROW.split(","))]


def test_the_header_may_be_quoted_padded_and_below_other_text() -> None:
    above = 'You can use this "report"\n\nUser,Ada "A" Lovelace\n'
    header = '"timestamp", "type" ,"asset_id","amount",note'
    found = lines_of(f"{above}{header}\n{ROW}\n".encode())
    assert [line.number for line in found] == [5]


def test_a_header_below_the_fifteenth_line_is_not_looked_for() -> None:
    assert refused(("\n" * 15 + f"{HEADER}\n{ROW}\n").encode()).line == 1


def test_a_quoted_line_break_belongs_to_its_cell_and_later_lines_keep_their_numbers() -> None:
    found = lines_of(f'{HEADER}\n2024-05-03T12:00:00Z,buy,bitcoin,1,"two\nlines"\n\n{ROW}\n'.encode())
    assert [(line.number, line.cells[-1]) for line in found] == [(2, "two\nlines"), (5, "first")]
    assert found[0].raw.endswith('"two\nlines"')


def test_empty_cells_beyond_the_header_are_a_spreadsheets_habit() -> None:
    assert len(lines_of(f"{HEADER}\n{ROW},,,\n,,,,\n".encode())) == 1


@pytest.mark.parametrize(("content", "line", "words"), DAMAGED)
def test_damage_is_named_with_its_line(content: bytes, line: int, words: str) -> None:
    error = refused(content)
    assert error.line == line
    assert words in error.reason
    assert len(str(error)) < 1000


def test_bytes_of_any_kind_are_refused_and_never_crash() -> None:
    dice = random.Random(3)
    for _ in range(200):
        refused(dice.randbytes(dice.randrange(1, 2000)))


def test_a_file_cut_anywhere_is_refused_or_loses_nothing_but_the_end_of_its_last_cell() -> None:
    whole = f"{HEADER}\n{ROW}\n{ROW}\n".encode()
    for end in range(len(HEADER) + 1, len(whole)):
        try:
            found = lines_of(whole[:end])
        except UnreadableFile:
            continue
        assert all(line.cells[:-1] == tuple(ROW.split(",")[:-1]) for line in found)
