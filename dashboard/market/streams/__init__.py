"""Prices by the second from exchanges' public feeds, beside CoinGecko's: of what is traded there and wanted here.

exchange.py, and one module per exchange, know what is said on a feed. board.py makes one price per asset of it.
connection.py and process.py are the process of `manage.py stream_prices`; handover.py is how its prices come to the
tick, which takes them in intake.py.
"""
