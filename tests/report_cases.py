"""A small stored result for the tests of the report, and a reader of HTML pages."""

from __future__ import annotations

import csv
import json
import operator
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from once import once

from surgesim.report.document import report
from surgesim.report.words import LANGUAGES
from surgesim.scenario.door import load
from surgesim.study.results import Output, Results
from surgesim.study.run import run
from surgesim.study.store.run_folder import read

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "teaching"

OVER = """\
name: report-case
extends: beds-without-nurses.yaml
supply:
  currency: VND
  costs: {oxygen_bed_day: 1200000, icu_bed_day: 6000000, staff_day: 900000}
  consumables:
    masks:
      title: {vi: Khẩu trang, en: Masks}
      unit: sets
      use: {oxygen_bed: 6, icu_bed: 14}
      stock: 1000
      delivered_per_day: 200
  burdens:
    waste:
      title: {vi: Chất thải lây nhiễm, en: Infectious waste}
      unit: kg
      made: {oxygen_bed: 3}
      capacity_per_day: 50
alternatives:
  dear-beds:
    title: {vi: Thêm giường, en: More beds}
    care: {facilities: {general-hospital: {beds: {icu: 14}}}}
"""


def stored_case(folder: Path, replications: int = 5) -> Results:
    """Simulate the case, store it in ``folder/result`` and read it back."""
    shutil.copytree(SCENARIOS, folder / "scenarios")
    path = folder / "scenarios" / "report-case.yaml"
    path.write_text(OVER, encoding="utf-8")
    scenario = load(path, changes=[f"study.replications={replications}"])
    out = Output(folder / "result", {"command": "surgesim run report-case.yaml"})
    run(scenario, workers=1, out=out)
    return read(folder / "result")


def case_with_reports(factory: pytest.TempPathFactory) -> tuple[Results, dict[str, str]]:
    """Return the case and its report in each language, made once for all test files and workers."""

    def make(folder: Path) -> None:
        case = stored_case(folder)
        for lang in LANGUAGES:
            (folder / f"{lang}.html").write_text(report(case, lang), encoding="utf-8")

    folder = once(factory, "case-with-reports", make)
    reports = {lang: (folder / f"{lang}.html").read_text(encoding="utf-8") for lang in LANGUAGES}
    return read(folder / "result"), reports


@dataclass
class Element:
    """An element of an HTML page with its content."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in the element."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield, in order, the elements below this one: with one of the tags, or all if none is given."""
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def inside(self, tag: str) -> bool:
        """Return True if the element is within another one with this tag."""
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class Page(HTMLParser):
    """A page as a tree of elements; raises an error if tags do not match."""

    EMPTY = frozenset({"meta", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = self.root
        self.feed(text)
        self.close()
        assert self._open is self.root, f"<{self._open.tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(element)
        if tag not in self.EMPTY:
            self._open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.tag == tag, f"</{tag}> closes <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)


class Files:
    """The files of a result, in which the sources of a report's values are looked up.

    It uses only csv, json, yaml and pyarrow, not surgesim.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables: dict[str, list[dict[str, str]]] = {}
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.scenario = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
        self.start = self.scenario["start"]
        if not isinstance(self.start, date):
            self.start = date.fromisoformat(self.start)

    def at(self, source: str) -> Any:
        """Return the number, date or text at a source."""
        place, _, column = source.partition("#")
        name, _, query = place.partition("?")
        if name == "manifest.json":
            if column == "days of all runs":
                runs = self.manifest["replications"] * len(self.manifest["alternatives"])
                return runs * (self.scenario["days"] + self.scenario.get("warm_up_days", 0))
            return walk(self.manifest, column)
        if name == "scenario.yaml":
            if column == "last day":
                return self.start + timedelta(days=self.scenario["days"] - 1)
            return self.start if column == "start" else walk(self.scenario, column)
        wanted: dict[str, set[str]] = {}
        for key, value in parse_qsl(query, keep_blank_values=True):
            wanted.setdefault(key, set()).add(value)
        rows = [row for row in self.rows(name) if all(row[key] in values for key, values in wanted.items())]
        by, _, plain = column.rpartition(":")
        if by == "":
            (row,) = rows
            return self.typed(plain, row[plain])
        return self.taken(by, plain, rows)

    def rows(self, name: str) -> list[dict[str, str]]:
        if name not in self.tables:
            if name.endswith(".parquet"):
                rows = pq.read_table(self.folder / name).to_pylist()
                self.tables[name] = [{key: str(value) for key, value in row.items()} for row in rows]
                return self.tables[name]
            with (self.folder / name).open(encoding="utf-8", newline="") as file:
                self.tables[name] = list(csv.DictReader(file))
        return self.tables[name]

    def typed(self, column: str, text: str) -> Any:
        if "_date_" in f"{column}_":
            return date.fromisoformat(text)
        return float(text)

    def taken(self, by: str, column: str, rows: list[dict[str, str]]) -> Any:
        if by == "count":
            bounded = re.fullmatch(r"(\w+)(<|>|>=)([\d.]+)", column)
            if bounded is None:
                return len(rows)
            name, side, bound = bounded.groups()
            holds = {"<": operator.lt, ">": operator.gt, ">=": operator.ge}[side]
            return sum(holds(float(row[name]), float(bound)) for row in rows)
        if by == "median_first":
            first: dict[str, float] = {}
            for row in rows:
                first[row["replication"]] = min(float(row[column]), first.get(row["replication"], np.inf))
            return float(np.quantile(list(first.values()), 0.5, method="lower"))
        values = np.array([float(row[column]) for row in rows])
        assert len(values), (by, column)
        if by == "peak":
            return date.fromisoformat(rows[int(values.argmax())]["date"][:10])
        if by.startswith("q"):
            return float(np.quantile(values, float(by[1:]), method="inverted_cdf"))
        return float(getattr(values, by)())


def walk(tree: Any, path: str) -> Any:
    """Return the entry of a tree at a dotted path; names may contain spaces."""
    for name in path.split("."):
        tree = tree[name]
    return tree
