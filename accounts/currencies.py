"""What a person may count in: the currencies that CoinGecko's exchange rates list as fiat, bitcoin and ether."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, gettext_noop

MONEY: dict[str, str] = {
    "usd": gettext_noop("US dollar"),
    "aed": gettext_noop("UAE dirham"),
    "ars": gettext_noop("Argentine peso"),
    "aud": gettext_noop("Australian dollar"),
    "bdt": gettext_noop("Bangladeshi taka"),
    "bhd": gettext_noop("Bahraini dinar"),
    "bmd": gettext_noop("Bermudian dollar"),
    "brl": gettext_noop("Brazilian real"),
    "cad": gettext_noop("Canadian dollar"),
    "chf": gettext_noop("Swiss franc"),
    "clp": gettext_noop("Chilean peso"),
    "cny": gettext_noop("Chinese yuan"),
    "czk": gettext_noop("Czech koruna"),
    "dkk": gettext_noop("Danish krone"),
    "eur": gettext_noop("Euro"),
    "gbp": gettext_noop("British pound"),
    "gel": gettext_noop("Georgian lari"),
    "hkd": gettext_noop("Hong Kong dollar"),
    "huf": gettext_noop("Hungarian forint"),
    "idr": gettext_noop("Indonesian rupiah"),
    "ils": gettext_noop("Israeli new shekel"),
    "inr": gettext_noop("Indian rupee"),
    "jpy": gettext_noop("Japanese yen"),
    "krw": gettext_noop("South Korean won"),
    "kwd": gettext_noop("Kuwaiti dinar"),
    "lkr": gettext_noop("Sri Lankan rupee"),
    "mmk": gettext_noop("Burmese kyat"),
    "mxn": gettext_noop("Mexican peso"),
    "myr": gettext_noop("Malaysian ringgit"),
    "ngn": gettext_noop("Nigerian naira"),
    "nok": gettext_noop("Norwegian krone"),
    "nzd": gettext_noop("New Zealand dollar"),
    "php": gettext_noop("Philippine peso"),
    "pkr": gettext_noop("Pakistani rupee"),
    "pln": gettext_noop("Polish zloty"),
    "rub": gettext_noop("Russian rouble"),
    "sar": gettext_noop("Saudi riyal"),
    "sek": gettext_noop("Swedish krona"),
    "sgd": gettext_noop("Singapore dollar"),
    "thb": gettext_noop("Thai baht"),
    "try": gettext_noop("Turkish lira"),
    "twd": gettext_noop("New Taiwan dollar"),
    "uah": gettext_noop("Ukrainian hryvnia"),
    "vef": gettext_noop("Venezuelan bolivar"),
    "vnd": gettext_noop("Vietnamese dong"),
    "zar": gettext_noop("South African rand"),
}
COINS: dict[str, str] = {"btc": "bitcoin", "eth": "ethereum"}
"""Codes of coins that one may count in, with the asset whose price is what one of them is worth."""
CURRENCIES: dict[str, str] = MONEY | {"btc": gettext_noop("Bitcoin"), "eth": gettext_noop("Ether")}
CHOICES = [(code, format_lazy("{} · {}", code.upper(), gettext_lazy(name))) for code, name in CURRENCIES.items()]
TERSE = [(code, code.upper() if code in COINS else label) for code, label in CHOICES]
"""The same where coins are named beside it: there a name such as Bitcoin means the coin."""
