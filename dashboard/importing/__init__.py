"""Files of transactions: recognised by their header, previewed, then recorded as one import that can be undone.

table.py (bytes to lines) < formats.py (what a format says of a line) < one module per format < recognise.py <
preview.py (what would be added) < service.py (upload, confirm).
"""
