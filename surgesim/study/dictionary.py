"""The data dictionary in Markdown: every file of a result folder, and each column's unit and meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surgesim.model.record import (
    ASSESSED,
    COST_CATEGORIES,
    DISTRICT,
    DISTRICT_ASSESSED,
    DISTRICT_PRESENT,
    FACILITY,
    PAYERS,
    PROVINCE,
    Column,
    logistics_columns,
)
from surgesim.scenario.schema.indicators import BY_GROUP
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.sensitivity import RUN_SENSITIVITY_TABLE, SENSITIVITY_TABLE
from surgesim.study.store.contents import FORECAST, FORMAT
from surgesim.study.sweep.points import POINTS_FILE
from surgesim.study.sweep.tables import SWEEP_TABLES
from surgesim.study.tables.columns import PARQUET_TABLES, TABLES, Table
from surgesim.study.tables.replication import (
    BREACHES,
    DISTRICT_KEYS,
    EVENT_TABLE,
    FACILITY_KEYS,
    PROVINCE_KEYS,
    STATE,
    STOCK_TABLE,
    event_meanings,
)
from surgesim.study.tables.series import FACILITY_SERIES, SERIES_TABLES

MANIFEST_ENTRIES = (
    Column(
        FORMAT,
        "text",
        "the command that wrote the folder, `surgesim run` or `surgesim sweep`; a folder is replaced only if "
        "it has this entry and contains only the files listed in `files` and files that surgesim added "
        "later; absent in results of 0.1.0",
    ),
    Column("versions", "text", "versions of Python and of the packages that affect results"),
    Column("platform", "text", "operating system"),
    Column("processor", "text", "processor model; other models may round the last digit differently"),
    Column("scenario", "text", "name of the scenario"),
    Column("scenario_sha256", "text", "SHA-256 of scenario.yaml"),
    Column("seed", "", "seed of the random numbers"),
    Column("replications", "", "number of replications of each alternative"),
    Column(
        "precision",
        "",
        "for each alternative and each outcome with a requested precision: the requested and the achieved "
        "half-width of the 95 % interval divided by the mean, and `why_not`, the reason why the precision "
        "was not reached: `wide`, `no_event` (no deaths or no breach in any replication), `not_measured` "
        "or `too_few` (measured in only one replication); null if no precision was requested",
    ),
    Column("days", "days", "number of days simulated"),
    Column("alternatives", "text", "alternatives that were run, baseline first"),
    Column("series", "text", "series of the province named in `surgesim.run`; absent if there are none"),
    Column("facility_series", "text", "series of the facilities named there; absent if there are none"),
    Column("started", "text", "UTC time at which the run started or was last resumed"),
    Column("ended", "text", "UTC time at which the tables of the run were complete"),
    Column("identities_checked", "", "number of checks of each accounting identity of the model; all passed"),
    Column("command", "text", "the command line; absent if the run was started from Python"),
    Column(
        "extensions",
        "text",
        "for each extension: `file`, its `sha256`, and what it declares: `outcomes` with unit, meaning, "
        "label and better direction, `indicators` with unit, meaning and label, `interventions`, `actions`; "
        "absent without extensions",
    ),
    Column(
        "replication_numbers",
        "index",
        "indices of the replications, if the run was of chosen ones; absent otherwise",
    ),
    Column(
        FORECAST,
        "",
        "number of `weeks`, `damping` and `drift` per week, and what was fitted (`fit`), if the folder is "
        "that of a forecast, whose further files are described in forecasting.md; absent otherwise",
    ),
    Column("extras_failed", "text", "reason why figures could not be drawn; null if nothing failed"),
    Column("figures", "text", "language and format of the figures; null if no figures were drawn"),
    Column("files", "text", "SHA-256 of every file except the manifest"),
)

OWN_INDICATOR = Column(
    "own:<indicator of an extension>",
    "of the indicator",
    "the manifest has its unit and meaning, under `extensions`",
)

PARQUET_KEYS = (
    Column("alternative", "text", "name of the alternative"),
    Column("replication", "index", "index of the replication, from 0"),
    Column("area", "text", f"`{PROVINCE_AREA}`, or the name of a district"),
    Column("day", "days", "day of the scenario, from 0"),
)

SWEEP_ENTRIES = (
    *MANIFEST_ENTRIES[:4],
    Column(
        "sweep",
        "",
        "the plan: design, samples, varied paths, replications, seed, alternatives, points, runs, SHA-256 of "
        "the points and of each scenario, and versions of the packages that affect results; if given, also "
        "SHA-256 of your own outcomes (`outcomes`), the series (`series`, `facility_series`), and the seed "
        "of the design (`design_seed`) if it is not that of the runs, and the requested precision "
        "(`precision`, `most_replications`). For your own points, the design is `points`",
    ),
    next(entry for entry in MANIFEST_ENTRIES if entry.name == "extensions"),
    Column("failed", "", "number of runs that failed"),
    Column("started", "text", "UTC time at which the sweep started, or last resumed or grew"),
    Column("ended", "text", "UTC time at which the tables of the sweep were complete"),
    Column("command", "text", "the command line; absent if the sweep was started from Python"),
    Column("files", "text", "SHA-256 of every file except the manifest"),
)

_SWEEP_HEAD = """\
# Files of a sweep

These files are in the folder written by `surgesim sweep` (`results/<scenario name>-sweep/`, or `--out`).
Until all runs are complete, only `<folder>.unfinished/` exists, with the completed runs in a few files.
`surgesim plot` draws `plots/sweep-map.svg`, which maps the probability of a breach against two varied paths;
this figure is not part of the sweep.
"""

_REPLICATION_HEAD = """\
# Tables of a replication

`surgesim.simulate` returns these tables of a single replication in Python; they are not written to files. The
numbers equal those of the same replication in `surgesim.run`. `outcomes` contains the outcomes of
replications.csv by name; `draws` contains the values of the columns `drawn:<path>` by path. People who
isolate in basic beds are counted by day and have no events.
"""

_HEAD = """\
# Data dictionary

These files are in the folder written by `surgesim run` (`results/<scenario name>/`, or `--out`). Until the
run is complete, only `<folder>.unfinished/` exists, with a file for each completed replication.

CSV files are UTF-8 with a header; numbers have ten significant digits; dates are ISO 8601. An empty cell
means that a value does not exist, or is not assessed because the scenario lacks an input for it. Text that
begins with =, +, -, @, a tab or a carriage return and is not a number is written with an apostrophe in front
(an additional one if it already begins with apostrophes), so that spreadsheets do not treat it as a formula.
Medians and quantiles are always the value of one replication: the smallest value that the given share of
replications does not exceed. Nothing is interpolated. Read the tables with `surgesim.read(folder)`, which
removes the apostrophes, or in pandas with `keep_default_na=False`, which keeps a district named `null` as
text. Flows are per day; stocks are at 24:00; day 0 is the scenario's first day. Day d is [d, d + 1): an event
at 00:00 belongs to the day that begins at that moment. Only the manifest contains clock times, so `surgesim
reproduce` can compare all other files byte for byte (except Parquet files, which are compared by content).

This page is generated by `surgesim.study.dictionary.data_dictionary()`; a test keeps it up to date.
"""


def data_dictionary() -> str:
    """Return the text of docs/data-dictionary.md."""
    parts = [
        _HEAD,
        _section("manifest.json", "The data needed to repeat the run.", MANIFEST_ENTRIES, "entry"),
        "## scenario.yaml\n\nThe scenario as run, with all defaults written out, and the contents of CSV "
        "files (arrivals, ages, contacts, draws) embedded. It can be run again unchanged.\n",
    ]
    parts += [
        _section(f"{table.name}.csv", f"One row per {table.row}.", table.columns, "column")
        for table in TABLES
    ]
    parts += [
        _section(
            "daily.parquet",
            "Daily values of every replication, without aggregation; one row group per replication. Rows for "
            "the province contain the first three kinds of indicators below (as in daily.csv), and rows for "
            "districts contain the others; all other columns are null.",
            PARQUET_KEYS,
            "column",
        ),
        _section("Daily indicators of the province", "", PROVINCE, "indicator", level=3),
        _section(
            "Daily indicators of consumables and burdens",
            "For the province, with one set of columns per consumable and per burden. Costs by category are "
            "there if the scenario has cost rates.",
            logistics_columns(["<consumable>"], ["<burden>"], COST_CATEGORIES, PAYERS),
            "indicator",
            level=3,
        ),
        _section(
            "Daily assessed indicators",
            "For the province: the level if the scenario has a table of levels, the other indicators if it "
            "gives `command.reach`; any of them also if a threshold, a level or a rule uses it; and the "
            "indicators of extensions.",
            (
                *ASSESSED,
                *(_of_group(column) for column in ASSESSED if column.name in BY_GROUP),
                OWN_INDICATOR,
            ),
            "indicator",
            level=3,
        ),
        _section("Daily indicators of the districts", "", DISTRICT, "indicator", level=3),
        _section(
            "Daily assessed indicators of the districts",
            "Present if a threshold is assessed by district, a rule monitors a district, or the scenario has "
            "a table of levels; only the indicators monitored in this way are included.",
            (DISTRICT_PRESENT, *DISTRICT_ASSESSED),
            "indicator",
            level=3,
        ),
        *(_series(table, "Aggregated over the replications.") for table in PARQUET_TABLES),
        _series(FACILITY_SERIES, "Only if series of facilities were named in `surgesim.run`."),
        "## figures/\n\nThe figures of the run as SVG. `surgesim plot` draws more, with `--data` also "
        "the values behind them as CSV, by default into `plots/`. That folder and `report.html` are not part "
        "of the result; both are deleted when a new run replaces the result. A new run deletes nothing else: "
        "if the folder contains a file that surgesim did not write, the run stops before it starts.\n",
    ]
    parts.append(
        _section(
            f"sensitivity/{RUN_SENSITIVITY_TABLE.name}.csv",
            f"One row per {RUN_SENSITIVITY_TABLE.row}. Written by `surgesim sensitivity` with its figures; "
            "not part of the run.",
            RUN_SENSITIVITY_TABLE.columns,
            "column",
        )
    )
    return "\n".join([*parts, *_replication(), *_sweep()])


def _replication() -> Iterator[str]:
    yield _REPLICATION_HEAD
    of_province = "province, of consumables and burdens, and the daily assessed indicators of the province"
    for name, row, keys, then in (
        ("province", "day", PROVINCE_KEYS, of_province),
        ("districts", "district × day", DISTRICT_KEYS, "districts, and their assessed indicators"),
        ("facilities", "facility × day", FACILITY_KEYS, "facilities"),
    ):
        text = f"One row per {row}. After these columns come the daily indicators of the {then}."
        yield _section(f"Replication: {name}", text, keys, "column")
    yield _section("Daily indicators of the facilities", "", (*FACILITY, STATE), "indicator", level=3)
    for table in (BREACHES, STOCK_TABLE, EVENT_TABLE):
        yield _section(f"Replication: {table.name}", f"One row per {table.row}.", table.columns, "column")
    yield _section(
        "Events",
        "The first event of each facility is its state at the beginning of the first day.",
        event_meanings(),
        "event",
        level=3,
    ).replace("| event | unit |", "| event | kind |")


def _sweep() -> Iterator[str]:
    yield _SWEEP_HEAD
    yield _section("Sweep: manifest.json", "The data needed to repeat the sweep.", SWEEP_ENTRIES, "entry")
    yield "## Sweep: scenarios/\n\nThe scenarios of the sweep, one file each, with all defaults included.\n"
    for table in SWEEP_TABLES:
        yield _section(f"Sweep: {table.name}.csv", f"One row per {table.row}.", table.columns, "column")
    yield (
        f"## Sweep: {POINTS_FILE}\n\nOnly for points of your own: their values by path, a line of JSON per "
        "point, with all digits.\n"
    )
    for table in SERIES_TABLES:
        before = "The first columns are `scenario` and `point`, as in runs.csv; failed runs have no rows. "
        yield _series(table, f"{before}Only if such series were named in `surgesim.sweep`.", "Sweep: ")
    yield _section(
        f"Sweep: sensitivity/{SENSITIVITY_TABLE.name}.csv",
        f"One row per {SENSITIVITY_TABLE.row}. `surgesim sensitivity` writes this table together with its "
        "figures; it is not part of the sweep.",
        SENSITIVITY_TABLE.columns,
        "column",
    )


def _series(table: Table, text: str, of: str = "") -> str:
    return _section(f"{of}{table.name}.parquet", f"One row per {table.row}. {text}", table.columns, "column")


def _of_group(column: Column) -> Column:
    meaning = "the same indicator for an age or risk group, if a threshold, a level or a rule uses it"
    return Column(f"{column.name}:<age or risk group>", column.unit, meaning)


def _section(title: str, text: str, columns: Iterable[Column], what: str, level: int = 2) -> str:
    lines = [f"{'#' * level} {title}", "", *([text, ""] if text else []), f"| {what} | unit | meaning |"]
    lines += ["|---|---|---|", *(f"| `{c.name}` | {c.unit} | {c.meaning} |" for c in columns), ""]
    return "\n".join(lines)
