"""Files that can't be read: what is damaged, the line that a message must name, and words of the message."""

HEADER = "timestamp,type,asset_id,amount,note"
ROW = "2024-05-03T12:00:00Z,buy,bitcoin,1,first"
DAMAGED: list[tuple[bytes, int, str]] = [
    (b"", 1, "empty"),
    (b"  \n\n", 1, "empty"),
    (b"name,age\nAda,36\n", 1, "no header of a known format"),
    (b"just some words", 1, "no header of a known format"),
    (f"{HEADER}\n{ROW}\n2024-05-03T12:00:00Z,buy,bit".encode(), 3, "cut off"),
    (f"{HEADER}\n{ROW}\n2024-05-03T12:00:00Z,buy,bitcoin,1,\"oh".encode(), 3, "never closed"),
    (f"{HEADER}\n2024-05-03T12:00:00Z,buy,bitcoin,1,\"oh\n{ROW}\n".encode() + b"x\n" * 99_000, 2, "never closed"),
    (f'{HEADER}\n{ROW}\n2024,buy,"bit"coin,1,\n'.encode(), 3, "closing quotation mark"),
    (f"{HEADER}\n{ROW}\n{'x' * 1_000_000}\n".encode(), 3, "longer than"),
    (("x" * 1_000_000).encode(), 1, "longer than"),
    (f"{HEADER}\n{ROW}\n{',' .join('x' * 10_000)}\n".encode(), 3, "10,000 fields"),
    ((",".join("x" * 10_000) + "\n" + ROW).encode(), 1, "no header of a known format"),
    (f"{HEADER}\n{ROW}\n2024\x00,buy,bitcoin,1,\n".encode(), 3, "characters that no text has"),
    (f"{HEADER}\n{ROW}\n".encode() + b"2024,buy,\xff\xfe,1,\n", 3, "not readable as UTF-8"),
    (b"PK\x03\x04\x14\x00\x06", 1, "spreadsheet"),
    (b"%PDF-1.7\n", 1, "PDF"),
    (f"{HEADER}\n{ROW}\n".encode("utf-16")[:-1], 2, "not readable as UTF-16"),
]  # fmt: skip
