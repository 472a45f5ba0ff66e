"""The data dictionary: every file of a result folder, every column with unit and meaning, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surgesim.model.record import (
    ASSESSED,
    DISTRICT,
    DISTRICT_ASSESSED,
    DISTRICT_PRESENT,
    PROVINCE,
    Column,
    logistics_columns,
)
from surgesim.scenario.schema.indicators import BY_GROUP
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.sensitivity import SENSITIVITY_TABLE
from surgesim.study.sweep.tables import SWEEP_TABLES
from surgesim.study.tables.columns import TABLES

MANIFEST_ENTRIES = (
    Column("versions", "text", "versions of Python and of the packages that compute"),
    Column("platform", "text", "operating system"),
    Column("processor", "text", "processor; another one may round otherwise in the last digit"),
    Column("scenario", "text", "name of the scenario"),
    Column("scenario_sha256", "text", "SHA-256 of scenario.yaml"),
    Column("seed", "", "seed of the random numbers"),
    Column("replications", "", "replications of each alternative"),
    Column(
        "precision",
        "",
        "where a precision was wanted, for each alternative and outcome of it: the half-width of the 95 % "
        "interval over the mean, wanted and reached, and `why_not`: `wide`, `no_event` (in no "
        "replication, such as 0 deaths or a breach that never came), `not_measured` or `too_few` (a single "
        "replication); null where none was wanted",
    ),
    Column("days", "days", "days simulated"),
    Column("alternatives", "text", "the alternatives that were run, baseline first"),
    Column("started", "text", "when the run began, UTC"),
    Column("ended", "text", "when its tables were complete, UTC"),
    Column("identities_checked", "", "how often each identity of the model was checked; all held"),
    Column("command", "text", "the command line; absent where the run was started from Python"),
    Column("extras_failed", "text", "why figures could not be drawn; null where nothing failed"),
    Column("figures", "text", "language and format of the figures, null where none were drawn"),
    Column("files", "text", "SHA-256 of every other file"),
)

PARQUET_KEYS = (
    Column("alternative", "text", "name of the alternative"),
    Column("replication", "index", "index of the replication, from 0"),
    Column("area", "text", f"`{PROVINCE_AREA}`, or the name of a district"),
    Column("day", "days", "day of the scenario, 0 is the first"),
)

SWEEP_ENTRIES = (
    *MANIFEST_ENTRIES[:3],
    Column(
        "sweep",
        "",
        "the plan: design, samples, what varies, replications, seed, alternatives, points, runs, SHA-256 of "
        "the points and of each scenario, versions of what computes",
    ),
    Column("failed", "", "runs that failed"),
    Column("started", "text", "when the sweep began, or was last resumed, UTC"),
    Column("ended", "text", "when its tables were complete, UTC"),
    Column("command", "text", "the command line; absent where the sweep was started from Python"),
    Column("files", "text", "SHA-256 of every other file"),
)

_SWEEP_HEAD = """\
# Files of a sweep

Every file of the folder that `surgesim sweep` writes (`results/<scenario name>-sweep/`, or `--out`). Until
all runs are done there is only `<folder>.unfinished/`, with a part for each run done. `surgesim plot` draws
`plots/sweep-map.svg`, the probability of a breach over two paths; it is no part of the sweep.
"""

_HEAD = """\
# Data dictionary

Every file of a result folder (`results/<scenario name>/`, or `--out`), written by `surgesim run`.

CSV files are UTF-8 with a header, numbers have ten significant digits, dates are ISO 8601, an empty cell is a
value that does not exist, or that is not assessed because the scenario gives no ground for it. A text that
begins with =, +, -, @, a tab or a carriage return, and is no number, has an apostrophe before it, so that no
spreadsheet takes it for a formula; so has one that begins with apostrophes and then such a sign. Medians and
quantiles are those of one replication: the least value that the share of replications does not pass; nothing
is interpolated. Read the tables with `surgesim.read(folder)`, which takes the apostrophe off again, or in
pandas with `keep_default_na=False`, which keeps a district named `null` a name. Flows are per day; stocks are
at 24:00; day 0 is the scenario's first. Day d is [d, d + 1): what happens at 00:00 is of the day that begins.
No file but the manifest holds a clock time, so that `surgesim reproduce` can compare the others byte for byte
(daily.parquet by its content).

This page is what `surgesim.study.dictionary.data_dictionary()` returns; a test holds the two together.
"""


def data_dictionary() -> str:
    """The text of docs/data-dictionary.md."""
    parts = [
        _HEAD,
        _section("manifest.json", "What is needed to repeat the run.", MANIFEST_ENTRIES, "entry"),
        "## scenario.yaml\n\nThe scenario as run, with every default written out and arrivals embedded. "
        "It can be run again as it is.\n",
    ]
    parts += [
        _section(f"{table.name}.csv", f"One row: {table.row}.", table.columns, "column") for table in TABLES
    ]
    parts += [
        _section(
            "daily.parquet",
            "Every replication by day, not summed up. A row group per replication. Rows of "
            "the province have the first three kinds of indicators below (daily.csv has the same), rows of "
            "districts the others; all that a row does not have are null.",
            PARQUET_KEYS,
            "column",
        ),
        _section("Daily indicators of the province", "", PROVINCE, "indicator", level=3),
        _section(
            "Daily indicators of consumables and burdens",
            "Of the province, for each consumable and burden by its name.",
            logistics_columns(["<consumable>"], ["<burden>"]),
            "indicator",
            level=3,
        ),
        _section(
            "Daily indicators that are assessed",
            "Of the province: the level where the scenario has a table of levels, the others where it gives "
            "`command.reach`, each also where a threshold, a level or a rule names it.",
            (*ASSESSED, *(_of_group(column) for column in ASSESSED if column.name in BY_GROUP)),
            "indicator",
            level=3,
        ),
        _section("Daily indicators of the districts", "", DISTRICT, "indicator", level=3),
        _section(
            "Daily indicators of assessed districts",
            "Where a threshold is assessed by district, a rule watches a district, or the scenario has "
            "a table of levels; each indicator where it is watched so.",
            (DISTRICT_PRESENT, *DISTRICT_ASSESSED),
            "indicator",
            level=3,
        ),
        "## figures/\n\nThe figures of the run as SVG. `surgesim plot` draws others, by default into "
        "`plots/`, which is no part of the result and goes when a new run replaces it.\n",
    ]
    return "\n".join([*parts, *_sweep()])


def _sweep() -> Iterator[str]:
    yield _SWEEP_HEAD
    yield _section("Sweep: manifest.json", "What is needed to repeat the sweep.", SWEEP_ENTRIES, "entry")
    yield "## Sweep: scenarios/\n\nThe scenarios as swept, with every default, by name.\n"
    for table in SWEEP_TABLES:
        yield _section(f"Sweep: {table.name}.csv", f"One row: {table.row}.", table.columns, "column")
    yield _section(
        f"Sweep: sensitivity/{SENSITIVITY_TABLE.name}.csv",
        f"One row: {SENSITIVITY_TABLE.row}. Written by `surgesim sensitivity` with its figures; no part of "
        "the sweep.",
        SENSITIVITY_TABLE.columns,
        "column",
    )


def _of_group(column: Column) -> Column:
    meaning = "that of an age or risk group, where a threshold, a level or a rule names it"
    return Column(f"{column.name}:<age or risk group>", column.unit, meaning)


def _section(title: str, text: str, columns: Iterable[Column], what: str, level: int = 2) -> str:
    lines = [f"{'#' * level} {title}", "", *([text, ""] if text else []), f"| {what} | unit | meaning |"]
    lines += ["|---|---|---|", *(f"| `{c.name}` | {c.unit} | {c.meaning} |" for c in columns), ""]
    return "\n".join(lines)
