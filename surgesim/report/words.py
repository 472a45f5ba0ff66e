"""Every word that a reader sees comes through here, and so do numbers and dates in the language's form.

The words are in gettext catalogues, ``locale/<language>/LC_MESSAGES/surgesim.po``, under short keys
(``figure.need_title``); English is a catalogue like the other. They are read as they stand, so that there
is nothing to compile after a change. A key that a catalogue lacks, or has as fuzzy, is a KeyError.
"""

from __future__ import annotations

import math
import re
from datetime import date
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES: Final = ("en", "vi")

NBSP: Final = "\N{NO-BREAK SPACE}"
EN_DASH: Final = "\N{EN DASH}"

LOCALE: Final = Path(__file__).parent / "locale"


class Labelled(NamedTuple):
    """What a series is called, and its unit."""

    label: str
    unit: str


class _Missing(NullTranslations):
    def gettext(self, message: str) -> NoReturn:
        raise KeyError(message)


def catalogue(lang: str) -> Catalog:
    """The entries of a language as they stand in its file."""
    from babel.messages.pofile import read_po

    with (LOCALE / lang / "LC_MESSAGES" / "surgesim.po").open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


@lru_cache(maxsize=len(LANGUAGES))
def _translations(lang: str) -> GNUTranslations:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, catalogue(lang))
    compiled.seek(0)
    translations = GNUTranslations(compiled)
    translations.add_fallback(_Missing())
    return translations


def phrase(lang: str, key: str, **fields: object) -> str:
    """The phrase `key` in `lang` with its fields filled in; KeyError where there is none."""
    text = _translations(lang).gettext(key)
    return text.format(**fields) if fields else text


def plain_percent(text: str) -> str:
    """A text of the scenario with its percentages as everywhere else: ``80 %`` becomes ``80%``."""
    return re.sub(r"(?<=\d)\s%", "%", text)


def unit_words(lang: str, unit: str) -> str:
    """The unit of an item of the scenario; as the scenario writes it where there is no word for it."""
    try:
        return phrase(lang, f"item.{unit}")
    except KeyError:
        return unit


def indicator_words(lang: str, name: str) -> Labelled:
    """Label and unit of an indicator that a threshold can name."""
    return Labelled(phrase(lang, f"indicator.{name}"), phrase(lang, f"indicator.{name}.unit"))


def group_words(lang: str, group: str) -> str:
    """What an age or risk group is called."""
    if group[0].isdigit():
        return phrase(lang, "group.years", ages=group.replace("-", EN_DASH))
    return phrase(lang, f"group.{group}")


def outcome_words(lang: str, name: str) -> Labelled:
    """Label and unit of an outcome of a replication."""
    return Labelled(phrase(lang, f"outcome.{name}"), phrase(lang, f"outcome.{name}.unit"))


def number(value: float, lang: str, digits: int = 3) -> str:
    """`value` with the decimals that so many significant digits need: ``1,234.5`` or ``1.234,5``."""
    from babel.numbers import format_decimal

    decimals = 0
    while decimals < digits and abs(value - round(value, decimals)) > abs(value) * 10.0**-digits:
        decimals += 1
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(round(value, decimals) + 0.0, pattern, lang).replace("-", "\N{MINUS SIGN}")


def rounded(value: float, lang: str) -> str:
    """Two digits below ten, whole numbers above."""
    return number(float(f"{value:.2g}") if abs(value) < 10 else round(value), lang)


def fixed(value: float, lang: str, decimals: int) -> str:
    """`value` with so many decimals."""
    from babel.numbers import format_decimal

    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(round(value, decimals) + 0.0, pattern, lang).replace("-", "\N{MINUS SIGN}")


def alike(value: float, low: float, high: float) -> int:
    """With how many decimals a difference and both ends of its interval are written.

    Two digits of the half-width, none from ten on; fewer where all that is dropped are zeros; more where an
    end that is not zero would be written as zero.

    Examples
    --------
    >>> alike(1.1, 0.010, 2.2), alike(-12.0, -15.0, -9.0), alike(-319.4, -335.4, -303.4)
    (2, 0, 0)
    >>> alike(-4 / 7, -0.5714285714285734, -0.5714285714285681)
    2
    """
    half = (high - low) / 2
    by_rounding = 1e-9 * max(abs(low), abs(high))  # all replications differ by the same
    decimals = max(0, 1 - math.floor(math.log10(half))) if half > by_rounding else 2
    while decimals and all(
        abs(round(x, decimals) - round(x, decimals - 1)) < 10.0 ** -(decimals + 6)
        for x in (value, low, high, half)
    ):
        decimals -= 1
    if low * high > 0:  # zero is not in the interval, nor may it seem so
        while decimals < 4 and 0.0 in (round(low, decimals), round(high, decimals)):
            decimals += 1
    return decimals


def percent(share: float, lang: str) -> str:
    """A share of 1 as a whole percentage; never 0 or 100 unless it is exactly so."""
    hundredths = round(100 * share)
    if hundredths == 0 < share:
        return f"<{NBSP}{_percent(1, lang)}"
    if hundredths == 100 and share < 1:
        return f">{NBSP}{_percent(99, lang)}"
    return _percent(hundredths, lang)


def percent_range(low: float, high: float, lang: str) -> str:
    """Shares of 1 from `low` to `high` as percentages with one sign: ``12–15%``."""
    return f"{percent(low, lang).removesuffix('%').rstrip()}{EN_DASH}{percent(high, lang)}"


def tenths(share: float, lang: str) -> str:
    """A share of 1 as a percentage, below 10 % with one decimal: ``3.3%``, ``33%``."""
    if not 0 < share < 0.0995:
        return percent(share, lang)
    return f"{fixed(100 * share, lang, 0 if round(1000 * share) % 10 == 0 else 1)}%"


def _percent(hundredths: int, lang: str) -> str:
    from babel.numbers import format_percent

    return format_percent(hundredths / 100, locale=lang)


def money_unit(largest: float, currency: str, lang: str) -> tuple[float, str]:
    """The unit that sums up to `largest` are told in, and its name."""
    name = phrase(lang, "currency.VND") if currency == "VND" else currency
    for scale, many in ((1e9, "billion"), (1e6, "million")):
        if largest >= scale:
            return scale, phrase(lang, f"screen.{many}", currency=name)
    return 1.0, name


def day_month(day: date, lang: str) -> str:
    """``5 Mar`` or ``05/03``."""
    return _date(day, "date.day_month", lang)


def month_year(day: date, lang: str) -> str:
    """``Mar 2024`` or ``03/2024``."""
    return _date(day, "date.month_year", lang)


def day_text(day: date, lang: str) -> str:
    """``5 Mar 2024`` or ``05/03/2024``."""
    return _date(day, "date.day", lang)


def _date(day: date, pattern: str, lang: str) -> str:
    from babel.dates import format_date

    return format_date(day, phrase(lang, pattern), lang).replace(" ", NBSP)
