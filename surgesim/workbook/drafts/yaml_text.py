"""Write a draft as a commented scenario file, in which text from cells is always quoted."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from surgesim.scenario.schema.base import MOST_LETTERS
from surgesim.workbook.drafts.draft import ASSUMED, Draft, Path
from surgesim.workbook.reading.cells import Cell
from surgesim.workbook.words import LEVERS, Label

_WIDTH = 100
_HEADS = {
    "people": Label("Dân số", "People"),
    "epidemic": Label("Biến thể", "The variant"),
    "clinical": Label("Diễn tiến bệnh", "The course of the disease"),
    "care": Label("Bệnh viện", "Hospitals"),
    "command": Label("Ngưỡng và kế hoạch", "Thresholds and plan"),
    "sources": Label(
        "Nguồn: chính thức (official), đã công bố (published), tự đếm (counted), giả định (assumed)",
        "Sources of the figures: official, published, counted or assumed",
    ),
    "history": Label("Số liệu báo cáo trước ngày bắt đầu", "What was reported before the start"),
}
_ASSUMED = Label("giả định", ASSUMED)
_COMPARED = Label("Các phương án để so sánh: chỉ ghi những gì khác đi", "Alternatives: only what differs")
_UNCOMMENT = Label(
    "Để so sánh, hãy bỏ dấu # và một dấu cách ở đầu các dòng dưới đây; null bỏ một biện pháp.",
    "To compare them, remove the # and one space from the lines below; null removes a rule.",
)
_WITHOUT_KEY, _WITHOUT = Label("khong", "without"), Label("Không có: {name}", "Without: {name}")
_EARLIER_KEY, _EARLIER = Label("som-hon", "earlier"), Label("Sớm hơn: {name}", "Earlier: {name}")


class Verbatim(str):
    """A text that comes from surgesim and needs no quotes, such as the name of a profile or an indicator."""


def scenario_text(draft: Draft, head: Sequence[str], lang: str) -> str:
    """Return the text of the scenario file, with comments in `lang`; `head` is the comment at its top."""
    lines = [f"# {plain(line)}".rstrip() for line in head]
    for key, value in draft.tree.items():
        if key in _HEADS:
            lines += ["", f"# -- {_HEADS[key].get(lang)} ".ljust(_WIDTH, "-")]
        lines += _entry(draft, key, value, (key,), 0, lang)
    lines += _alternatives(draft.tree.get("command", {}).get("plan", {}), lang)
    return "\n".join(lines) + "\n"


def _alternatives(plan: Mapping[str, Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Yield a section of alternatives that is a comment: other plans, to be compared once it is none."""
    if not plan:
        return
    last = list(plan)[-1]
    found: dict[str, tuple[Label, str, Mapping[str, Any]]] = {
        _key(_WITHOUT_KEY, last, lang): (_WITHOUT, last, {last: None})
    }
    for name, rule in plan.items():
        if isinstance(bound := rule.get("when", {}).get("above"), (int, float)) and bound > 0:
            earlier = {name: {"when": {"above": float(f"{bound * 0.75:.2g}")}}}
            found[_key(_EARLIER_KEY, name, lang)] = (_EARLIER, name, earlier)
            break
    yield from ("", f"# -- {_COMPARED.get(lang)} ".ljust(_WIDTH, "-"), f"# {_UNCOMMENT.get(lang)}", "#")
    yield "# alternatives:"
    for key, (title, name, changed) in found.items():
        shown = plan[name].get("title") or LEVERS[plan[name]["action"]].get(lang)
        yield f"#   {key}:"
        yield f"#     title: {_quoted(title.get(lang).format(name=shown))}"
        yield f"#     command: {scalar({'plan': changed})}"


def _key(words: Label, name: str, lang: str) -> str:
    return f"{words.get(lang)}-{name}"[:MOST_LETTERS].strip("-")


def note_words(note: Label | str, lang: str) -> str:
    """Return a note on the origin of a value, in `lang`."""
    if isinstance(note, Label):
        return note.get(lang)
    return _ASSUMED.get(lang) if note == ASSUMED else note


def plain(text: str) -> str:
    """Return a text in a form fit for a comment: on one line, without control or invisible characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def scalar(value: Any) -> str:
    """Return a value as YAML."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.12g}".replace("e+", "e") if math.isfinite(value) else "none"
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {scalar(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(scalar, value)) + "]"
    return str(value)


def _quoted(text: str) -> str:
    """Return a text in double quotes, with unprintable characters escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


def _entry(draft: Draft, key: str, value: Any, path: Path, depth: int, lang: str) -> Iterator[str]:
    name = key if all(letter.isalnum() or letter in "-_" for letter in key) else _quoted(key)
    start = "  " * depth + f"{name}:"
    if not isinstance(value, Mapping) or not value:
        yield f"{start} {scalar(value)}{_comment(draft, path, [path], lang)}"
        return
    line = f"{start} {scalar(value)}"
    simple = not any(isinstance(inner, Mapping) for inner in value.values())
    if depth and simple and len(line) <= _WIDTH:
        yield line + _comment(draft, path, [(*path, inner) for inner in value], lang)
        return
    yield start + _comment(draft, path, [], lang)
    for inner, below in value.items():
        yield from _entry(draft, inner, below, (*path, inner), depth + 1, lang)


def _comment(draft: Draft, path: Path, leaves: Sequence[Path], lang: str) -> str:
    """Return a comment that names the origins of values, such as ``# facilities!E3:G3``."""
    cells = [draft.cells[leaf] for leaf in leaves if leaf in draft.cells]
    words = [_places(cells)] if cells else []
    remarks = dict.fromkeys(draft.remarks[leaf] for leaf in (path, *leaves) if leaf in draft.remarks)
    for remark in remarks:
        keys = [leaf[-1] for leaf in leaves if draft.remarks.get(leaf) == remark and leaf != path]
        some = keys and len(keys) < len(leaves)
        shown = note_words(remark, lang)
        words.append(f"{', '.join(keys)} {shown}" if some else shown)
    return f"  # {plain('; '.join(words))}" if words else ""


def _places(cells: Sequence[Cell]) -> str:
    sheets: dict[str, list[str]] = {}
    for cell in cells:
        sheets.setdefault(cell.sheet, []).append(cell.place)
    return "; ".join(f"{sheet}!{', '.join(dict.fromkeys(places))}" for sheet, places in sheets.items())
