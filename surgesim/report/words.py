"""Words from the catalogues, and numbers and dates formatted for each language.

Words come from gettext catalogues, ``locale/<language>/LC_MESSAGES/surgesim.po``, under short keys
(``figure.need_title``); English is a catalogue like any other. Catalogues are read directly, so changes
need no compilation. A key that is missing from a catalogue, or fuzzy, raises KeyError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES: Final = ("en", "vi")

NBSP: Final = "\N{NO-BREAK SPACE}"
EN_DASH: Final = "\N{EN DASH}"

LOCALE: Final = Path(__file__).parent / "locale"


class Label(NamedTuple):
    """The display name and unit of a series."""

    label: str
    unit: str


class _Missing(NullTranslations):
    def gettext(self, message: str) -> NoReturn:
        raise KeyError(message)


def catalogue(lang: str, name: str = "surgesim") -> Catalog:
    """Read a catalogue file of a language."""
    from babel.messages.pofile import read_po

    with (LOCALE / lang / "LC_MESSAGES" / f"{name}.po").open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


@lru_cache(maxsize=8)
def _translations(lang: str, name: str = "surgesim") -> GNUTranslations:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, catalogue(lang, name))
    compiled.seek(0)
    translations = GNUTranslations(compiled)
    translations.add_fallback(_Missing())
    return translations


def phrase(lang: str, key: str, **fields: object) -> str:
    """Return the phrase `key` in `lang` with its fields filled in; KeyError if it is missing."""
    text = _translations(lang).gettext(key)
    return text.format(**fields) if fields else text


def help_words(lang: str, text: str) -> str:
    """Return a paragraph of the command line's help in `lang`; unchanged if it has no translation."""
    try:
        return _translations(lang, "help").gettext(text) if lang != "en" else text
    except KeyError:
        return text


def plain_percent(text: str) -> str:
    """Remove the space before percent signs in a scenario's text: ``80 %`` becomes ``80%``."""
    return re.sub(r"(?<=\d)\s%", "%", text)


def unit_words(lang: str, unit: str) -> str:
    """Return the unit of a scenario item in `lang`; unchanged if it has no translation."""
    try:
        return phrase(lang, f"item.{unit}")
    except KeyError:
        return unit


def indicator_words(lang: str, name: str) -> Label:
    """Return the label and unit of a threshold's indicator."""
    return Label(phrase(lang, f"indicator.{name}"), phrase(lang, f"indicator.{name}.unit"))


def group_words(lang: str, group: str) -> str:
    """Return the display name of an age or risk group."""
    if group[0].isdigit():
        return phrase(lang, "group.years", ages=group.replace("-", EN_DASH))
    return phrase(lang, f"group.{group}")


def outcome_words(lang: str, name: str) -> Label:
    """Return the label and unit of a replication's outcome."""
    return Label(phrase(lang, f"outcome.{name}"), phrase(lang, f"outcome.{name}.unit"))


def own_outcome_words(manifest: Mapping[str, Any]) -> dict[str, Label]:
    """Return the label and unit of each outcome that extensions declare, as stored in the manifest."""
    return {
        name: Label(plain_percent(declared["label"]), plain_percent(declared["unit"]))
        for extension in manifest.get("extensions", ())
        for name, declared in extension["outcomes"].items()
    }


def number(value: float, lang: str, digits: int = 3) -> str:
    """Format `value` with the decimals that `digits` significant digits need: ``1,234.5`` or ``1.234,5``."""
    from babel.numbers import format_decimal

    decimals = 0
    while decimals < digits and abs(value - round(value, decimals)) > abs(value) * 10.0**-digits:
        decimals += 1
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(round(value, decimals) + 0.0, pattern, lang).replace("-", "\N{MINUS SIGN}")


def count(what: str, n: int, lang: str) -> str:
    """Return a number of things in words: ``1 run``, ``10 runs``. `what` is ``run`` or ``day``."""
    return phrase(lang, f"count.{what}" if n == 1 else f"count.{what}s", n=number(n, lang))


def round_off(value: float, lang: str) -> str:
    """Format `value` with two significant digits if below ten, otherwise as an integer."""
    return number(float(f"{value:.2g}") if abs(value) < 10 else round(value), lang)


def to_decimals(value: float, lang: str, decimals: int) -> str:
    """Format `value` with a fixed number of decimals."""
    from babel.numbers import format_decimal

    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(round(value, decimals) + 0.0, pattern, lang).replace("-", "\N{MINUS SIGN}")


def with_sign(value: float, lang: str, decimals: int | None = None) -> str:
    """Format `value` with its sign, ``+`` too, to a number of decimals or, by default, like `round_off`."""
    text = round_off(value, lang) if decimals is None else to_decimals(value, lang, decimals)
    return f"+{text}" if (value if decimals is None else round(value, decimals)) > 0 else text


def common_decimals(value: float, low: float, high: float) -> int:
    """Return the number of decimals for a difference and both ends of its interval.

    The half-width gets two significant digits, and no decimals if it is ten or more. Trailing zeros
    are dropped, and decimals are added if a non-zero end would otherwise be written as zero.

    Examples
    --------
    >>> common_decimals(1.1, 0.010, 2.2), common_decimals(-12.0, -15.0, -9.0)
    (2, 0)
    >>> common_decimals(-319.4, -335.4, -303.4)
    0
    >>> common_decimals(-4 / 7, -0.5714285714285734, -0.5714285714285681)
    2
    """
    half = (high - low) / 2
    by_rounding = 1e-9 * max(abs(low), abs(high))  # all replications differ by the same amount
    decimals = max(0, 1 - math.floor(math.log10(half))) if half > by_rounding else 2
    while decimals and all(
        abs(round(x, decimals) - round(x, decimals - 1)) < 10.0 ** -(decimals + 6)
        for x in (value, low, high, half)
    ):
        decimals -= 1
    if low * high > 0:  # zero is not in the interval and must not appear to be
        while decimals < 4 and 0.0 in (round(low, decimals), round(high, decimals)):
            decimals += 1
    return decimals


def percent(share: float, lang: str) -> str:
    """Format a share of 1 as an integer percentage, which is 0 or 100 only if exact."""
    hundredths = round(100 * share)
    if hundredths == 0 < share:
        return f"<{NBSP}{_percent(1, lang)}"
    if hundredths == 100 and share < 1:
        return f">{NBSP}{_percent(99, lang)}"
    return _percent(hundredths, lang)


def percent_range(low: float, high: float, lang: str) -> str:
    """Format a range of shares as percentages with a single sign: ``12–15%``."""
    return f"{percent(low, lang).removesuffix('%').rstrip()}{EN_DASH}{percent(high, lang)}"


def tenths(share: float, lang: str) -> str:
    """Format a share in [0, 1] as a percentage, with one decimal below 10%: ``3.3%``, ``33%``."""
    if not 0 < share < 0.0995:
        return percent(share, lang)
    return f"{to_decimals(100 * share, lang, 0 if round(1000 * share) % 10 == 0 else 1)}%"


def _percent(hundredths: int, lang: str) -> str:
    from babel.numbers import format_percent

    return format_percent(hundredths / 100, locale=lang)


def money_unit(largest: float, currency: str, lang: str) -> tuple[float, str]:
    """Return the scale and name of a currency unit suited to sums up to `largest`."""
    name = phrase(lang, "currency.VND") if currency == "VND" else currency
    for scale, many in ((1e9, "billion"), (1e6, "million")):
        if largest >= scale:
            return scale, phrase(lang, f"screen.{many}", currency=name)
    return 1.0, name


def day_month(day: date, lang: str) -> str:
    """Format a date as ``5 Mar`` or ``05/03``."""
    return _date(day, "date.day_month", lang)


def month_year(day: date, lang: str) -> str:
    """Format a month as ``Mar 2024`` or ``03/2024``."""
    return _date(day, "date.month_year", lang)


def day_text(day: date, lang: str) -> str:
    """Format a date with its year as ``5 Mar 2024`` or ``05/03/2024``."""
    return _date(day, "date.day", lang)


def _date(day: date, pattern: str, lang: str) -> str:
    from babel.dates import format_date

    return format_date(day, phrase(lang, pattern), lang).replace(" ", NBSP)
