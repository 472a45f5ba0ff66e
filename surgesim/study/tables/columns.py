"""Definitions of the result tables: columns with units, dtypes and meanings; `fill` builds the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import BINDS, DISTRICT, PROVINCE, STATES, Column, district_columns
from surgesim.scenario.schema.needs import NEEDS
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.bed_days import FIRST
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import BREACHED, DAYS_BREACHED, FIRST_DAY
from surgesim.study.measures.reached import DIED, IN_TIME, Groups
from surgesim.study.tables.collect import BY_DISTRICT, scenario_columns

if TYPE_CHECKING:
    import pandas as pd

TEXT, DATE = "text", "date"
"""Units of non-numeric columns."""

BANDS = ("mean", "p5", "p25", "p50", "p75", "p95")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

REASONS = tuple(NEEDS)
"""Names of the scenario inputs without which an indicator cannot be assessed."""

_ALTERNATIVE = Column("alternative", TEXT, "name of the alternative; `baseline` is the scenario itself")
_DAY = Column("day", "days", "day of the scenario, from 0")
_DATE = Column("date", DATE, "date of the day")
_BANDS = (
    Column("mean", "as the indicator", "mean over the replications"),
    *(
        Column(f"p{100 * q:g}", "as the indicator", f"{q:g} quantile over the replications")
        for q in QUANTILES
    ),
)


class Table(NamedTuple):
    """A result table: its name in `Results` and in ``<name>.csv``, the content of a row, and its columns.

    `later` are names of columns that results of an earlier version may lack; they are then empty.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    later: tuple[str, ...] = ()


BREACHES = Table(
    "breaches",
    "alternative × threshold (× district if assessed by district), plus one row for the situation",
    (
        _ALTERNATIVE,
        Column("area", TEXT, "area for which the indicator is assessed: `province`, or name of a district"),
        Column("threshold", TEXT, "name of the threshold; `situation` is the declared emergency"),
        Column(
            "bound",
            "as the indicator",
            "bound of the indicator, breached by values strictly beyond it; for the situation, the number of "
            "breached thresholds required",
        ),
        Column(
            "not_assessed",
            TEXT,
            "code of the missing scenario input without which the threshold cannot be assessed: "
            f"{', '.join(f'`{name}`' for name in REASONS)}; empty if the threshold is assessed. If it is "
            "not assessed, the numbers of the row are empty, not 0",
        ),
        Column(
            "criteria_assessed",
            "thresholds",
            "for the situation, the number of its criteria that are assessed; empty for thresholds",
        ),
        Column(
            "undecided",
            "share",
            "for the situation, share of replications in which it was not declared but could have been if "
            "the thresholds that are not assessed had been breached; empty for thresholds. If above 0, "
            "`probability` is a lower bound; if that bound would be 0, `probability` is empty and "
            "`not_assessed` is `criteria`",
        ),
        Column("breached_at_start", "share", "share of replications with a breach at t = 0"),
        Column("probability", "share", "share of replications with a breach on at least one day"),
        Column("probability_low", "share", "lower end of the 95 % Wilson interval of `probability`"),
        Column(
            "probability_high",
            "share",
            "upper end of the 95 % Wilson interval of `probability`, counting undecided replications as "
            "breached",
        ),
        Column(
            "first_day_median",
            "days",
            "median of the first day in breach; empty if fewer than half of the replications have a breach",
        ),
        Column(
            "first_day_p5",
            "days",
            "0.05 quantile of the first day in breach; empty if fewer than 5 % of the replications have a "
            "breach",
        ),
        Column(
            "first_day_p95",
            "days",
            "0.95 quantile of the first day in breach; empty if fewer than 95 % of the replications have a "
            "breach",
        ),
        Column("first_date_median", DATE, "date of `first_day_median`"),
        Column("days_breached_mean", "days", "mean number of days in breach"),
        Column("days_breached_p5", "days", "0.05 quantile of the number of days in breach"),
        Column("days_breached_p95", "days", "0.95 quantile of the number of days in breach"),
        Column("longest_spell_days", "days", "mean length of the longest unbroken run of days in breach"),
        Column(
            "worst_value_median",
            "as the indicator",
            "median of each replication's worst value (largest, or smallest if the bound is `below`); "
            "for the situation, median of the largest number of thresholds breached on one day",
        ),
    ),
)

BREACH_DAYS = Table(
    "breach_days",
    "alternative × threshold (and the situation) × day on which the share changes; day 0 is always "
    "present, and a day without a row has the same values as the day before",
    (
        _ALTERNATIVE,
        Column("threshold", TEXT, "name of the threshold; `situation` is the declared emergency"),
        _DAY,
        _DATE,
        Column(
            "probability",
            "share",
            "share of replications in breach at 24:00 on the day; empty if the threshold is not assessed",
        ),
    ),
)

COMPARISON = Table(
    "comparison",
    "alternative × outcome, paired with the baseline replication by replication",
    (
        _ALTERNATIVE,
        Column(
            "outcome",
            TEXT,
            f"a column of replications.csv, or `{BREACHED}<threshold>` or `{BREACHED}{SITUATION}`: 1 if the "
            "threshold was breached, or the emergency declared, on at least one day, otherwise 0, so that "
            "the means are probabilities",
        ),
        Column("unit", TEXT, "unit of the outcome"),
        Column("baseline_mean", "as the outcome", "mean over the baseline's replications"),
        Column("alternative_mean", "as the outcome", "mean over the alternative's replications"),
        Column(
            "difference",
            "as the outcome",
            "mean of alternative minus baseline; the interval is empty if there is only one pair",
        ),
        Column(
            "difference_low",
            "as the outcome",
            "lower end of the 95 % interval of `difference`: paired t, or for "
            f"`{BREACHED}…` Tango's score interval for paired proportions",
        ),
        Column("difference_high", "as the outcome", "upper end of the 95 % interval of `difference`"),
        Column(
            "relative",
            "share",
            "`difference` divided by `baseline_mean`; empty for first days and breaches, and if the baseline "
            "is 0 or an outcome below 0",
        ),
        Column(
            "relative_low",
            "share",
            "lower end of the 95 % interval of `relative` (Fieller's, paired); empty if the baseline's mean "
            "may be 0",
        ),
        Column("relative_high", "share", "upper end of the 95 % interval of `relative`"),
        Column(
            "better",
            TEXT,
            "the better direction: `lower`, `later` for a first day, `higher` for the share with timely "
            "access; empty for an outcome that is neither good nor bad (reported cases, bed-days, oxygen "
            "used, transfers, tests, doses)",
        ),
        Column(
            "probability_better",
            "share",
            "share of replications in which the alternative is better; empty if `better` is empty",
        ),
        Column("tied", "share", "share of replications in which alternative and baseline are exactly equal"),
        Column(
            "per_death_averted",
            "as the outcome, per death",
            "in the `cost` row: mean extra cost divided by mean deaths averted, if the alternative costs "
            "more and has fewer deaths; otherwise empty, as in all other rows",
        ),
        Column(
            "per_death_averted_low",
            "as the outcome, per death",
            "lower end of the 95 % interval of `per_death_averted` (Fieller's, paired); empty if it spans 0, "
            "that is, if costs may be lower or deaths no fewer",
        ),
        Column(
            "per_death_averted_high",
            "as the outcome, per death",
            "upper end of the 95 % interval of `per_death_averted`; empty if the lower end is",
        ),
    ),
    later=("relative", "relative_low", "relative_high"),
)

BINDING = Table(
    "binding",
    "alternative × bed type × constraint",
    (
        _ALTERNATIVE,
        Column("bed", TEXT, "oxygen or icu"),
        Column(
            "constraint",
            TEXT,
            "space, doctors, nurses, equipment, pipes (oxygen flow) or oxygen_stock (none left, or not "
            "enough for more beds). The binding constraint of a day is the one that binds the largest share "
            "of the open beds (the first of these in a tie; space if no bed is open)",
        ),
        Column(
            "breach_days_mean",
            "days",
            "mean number of days of declared emergency on which this is the binding constraint",
        ),
        Column(
            "breach_share",
            "share",
            "`breach_days_mean` as a share of all days of declared emergency; empty if there are no such "
            "days",
        ),
        Column(
            "short_days_mean",
            "days",
            "mean number of days on which this is the binding constraint while a patient waits for such a "
            "bed or, for ICU, is boarding",
        ),
        Column(
            "short_share",
            "share",
            "`short_days_mean` as a share of all days on which a patient waits or is boarding; empty if "
            "there are no such days",
        ),
    ),
)

BY_THRESHOLD = (
    Column(
        f"{FIRST_DAY}<threshold>",
        "days",
        "first day in breach, or the number of days of the scenario if there is no breach (so that the mean "
        "is a restricted mean); empty if the alternative lacks the threshold, the threshold is not assessed, "
        "or the situation is undecided; for a threshold assessed by district, the first day in any district",
    ),
    Column(
        f"{DAYS_BREACHED}<threshold>",
        "days",
        "number of days in breach (`situation_days` gives the days of the situation); empty in the same "
        "cases as the first day; for a threshold assessed by district, days with a breach in any district",
    ),
)
"""Columns of replications.csv repeated for each threshold; the first also for the situation."""

DRAWN = "drawn:"
"""Prefix of columns with drawn values, followed by the path of the parameter."""

OWN_OUTCOME = Column(
    "<outcome of an extension>", "of the outcome", "the manifest has its unit and meaning, under `extensions`"
)

BY_GROUP = (
    Column(
        f"{IN_TIME}:<group>",
        "share",
        "if the scenario gives `command.reach`: `in_time_share` of reached.csv in this replication; "
        "`<group>` is `all`, or a group's name after `age:`, `risk:` or `district:`; empty if the group has "
        "no patients",
    ),
    Column(
        f"{DIED}:<group>",
        "deaths/1,000,000",
        "if the scenario gives `command.reach`: deaths per million people in the group",
    ),
)
"""Columns of replications.csv repeated for each population group."""

REPLICATIONS = Table(
    "replications",
    "alternative × replication",
    (
        _ALTERNATIVE,
        Column("replication", "index", "index of the replication, from 0"),
        *(outcome.column for outcome in OUTCOMES),
        OWN_OUTCOME,
        *BY_GROUP,
        *BY_THRESHOLD,
        Column(
            f"{DRAWN}<path>",
            "as the parameter",
            "value drawn for an uncertain parameter of the scenario, the same in every alternative; in the "
            "model, a value set by the alternative replaces the drawn value, and a scale multiplies it",
        ),
    ),
)

DAILY = Table(
    "daily",
    "alternative × indicator × day, for the whole province",
    (
        _ALTERNATIVE,
        Column(
            "indicator",
            TEXT,
            "a daily indicator of the province, of a consumable or burden, or another assessed indicator",
        ),
        _DAY,
        _DATE,
        *_BANDS,
    ),
)

DAILY_DISTRICTS = Table(
    "daily_districts",
    "alternative × area × indicator × day",
    (
        _ALTERNATIVE,
        Column("area", TEXT, "name of the district"),
        Column(
            "indicator",
            TEXT,
            f"{' or '.join(f'`{column.name}`' for column in BY_DISTRICT)}, the indicator of a threshold "
            "assessed by district, or `epidemic_level` if the scenario has a table of levels",
        ),
        _DAY,
        _DATE,
        *_BANDS,
    ),
)

REACHED = Table(
    "reached",
    "alternative × population group",
    (
        _ALTERNATIVE,
        Column("by", TEXT, "`all`, `age`, `risk` (if an epidemic is simulated) or `district` (of residence)"),
        Column("group", TEXT, "`all`; an age group; `low-risk` or `high-risk`; name of the district"),
        Column("people", "people", "number of people in the group at the start; empty groups have no row"),
        Column("patients_mean", "patients", "mean number of people who needed an oxygen or ICU bed"),
        Column(
            "in_time_share",
            "share",
            "share of patients who got every bed they needed within the time allowed, including waiting and "
            "travel (`command.reach.within_hours`, or `care.no_bed_hours` if that is not given); patients "
            "who died or recovered without a bed do not count as in time, but those still waiting at the end "
            "do if they have waited no longer than allowed; mean over the replications with patients, empty "
            "if there are none",
        ),
        Column("in_time_low", "share", "lower end of the 95 % t interval of `in_time_share`"),
        Column("in_time_high", "share", "upper end of the 95 % t interval of `in_time_share`"),
        Column("deaths_mean", "deaths", "mean number of deaths"),
        Column("deaths_per_million", "deaths/1,000,000", "mean deaths per million people in the group"),
        Column(
            "deaths_per_million_low",
            "deaths/1,000,000",
            "lower end of the 95 % t interval of `deaths_per_million`",
        ),
        Column(
            "deaths_per_million_high",
            "deaths/1,000,000",
            "upper end of the 95 % t interval of `deaths_per_million`",
        ),
        Column(
            "reference_deaths_per_million",
            "deaths/1,000,000",
            "the scenario's reference value (in `command.reach`); empty if none is given",
        ),
        Column(
            "times_reference",
            "ratio",
            "deaths per million divided by the reference value; empty if none is given",
        ),
        Column(
            "infections_mean",
            "people",
            "mean number of infections, imported ones included; empty if arrivals are given",
        ),
    ),
)

FACILITIES = Table(
    "facilities",
    "alternative × facility",
    (
        _ALTERNATIVE,
        Column("facility", TEXT, "name of the facility"),
        Column("title", TEXT, "title of the facility, in Vietnamese if available"),
        Column("ownership", TEXT, "public, private, military, police, university or workplace"),
        Column("district", TEXT, "name of the facility's district"),
        Column(
            "open_date_median",
            DATE,
            "median date of the first staffed COVID bed; empty if the facility had one in fewer than half of "
            "the replications",
        ),
        Column(
            "share_of_replications_opened",
            "share",
            "share of replications in which the facility had a staffed COVID bed",
        ),
        Column("open_days_mean", "days", "mean number of days with a staffed COVID bed"),
        *(
            column
            for bed in BEDS
            for column in (
                Column(
                    f"peak_occupied_{bed}_median", "beds", f"median of the peak number of {bed} beds occupied"
                ),
                Column(
                    f"mean_occupancy_{bed}",
                    "share",
                    f"occupied divided by staffed COVID {bed} bed-days; empty if no such bed is staffed",
                ),
            )
        ),
        *(
            Column(
                f"{bed}_days_bound_by_{what}",
                "days",
                f"mean number of days open with {what} as the binding constraint of the {bed} beds; empty if "
                f"the facility has no {bed} beds",
            )
            for bed in BEDS
            for what in BINDS[bed]
        ),
        Column("oxygen_used_kg_mean", "kg", "mean oxygen used by patients"),
        Column("days_dry_mean", "days", "mean time with a shortage of oxygen"),
        Column(
            "emergency_unserved_mean",
            "patients",
            "mean number of non-COVID emergency patients turned away for lack of a bed or of staff",
        ),
        Column(
            "elective_backlog_end_mean", "patients", "mean number of elective patients waiting at the end"
        ),
        Column("has_mobilisation_plan", TEXT, "yes or no, as given by the scenario; empty if not given"),
    ),
)

FACILITY_STATES = Table(
    "facility_states",
    "alternative × facility × day on which a share changes; day 0 is always present, and a day without a "
    "row has the same values as the day before",
    (
        _ALTERNATIVE,
        Column("facility", TEXT, "name of the facility"),
        _DAY,
        _DATE,
        *(
            Column(
                state.replace("-", "_"),
                "share",
                f"share of replications in which the facility is {state} at 24:00",
            )
            for state in STATES
        ),
    ),
)

_FACILITY = Column("facility", TEXT, "name of the facility")
_DISTRICT = Column("area", TEXT, "name of the district; its beds are those of the facilities in it")
_BED = Column("bed", TEXT, "basic, oxygen or icu; only types of which the place has beds at some time")

_BED_TOTALS = (
    Column(
        "full_probability",
        "share",
        "share of replications in which the place is full at 24:00 on at least one day: it has staffed beds "
        "of the type, and all of them are occupied or held",
    ),
    *(
        Column(
            f"full_date_{name}",
            DATE,
            f"first date on which at least {q:.0%} of the replications have had a day on which the place is "
            "full; empty if fewer ever have".replace("%", " %"),
        )
        for name, q in FIRST.items()
    ),
    Column("full_days_mean", "days", "mean number of days on which the place is full"),
    Column("peak_load", "share", "largest daily `load` (see the daily file); empty if it is never defined"),
    Column("peak_load_date", DATE, "first date of `peak_load`"),
    Column("entries_mean", "patients", "mean number of patients who come to a bed, boarders included"),
    Column(
        "wait_hours_mean",
        "hours",
        "mean wait, travel included, of the patients who got the bed they needed, over all replications; "
        "patients who never got one are not counted; empty for basic beds, and if there are no patients",
    ),
    Column("wait_hours_p90", "hours", "0.9 quantile of these waits, each rounded up to whole hours"),
)

_BED_DAYS = (
    _DAY,
    _DATE,
    Column("staffed", "beds", "mean number of staffed beds; infinite if unlimited in any replication"),
    Column("occupied", "beds", "mean number of occupied beds"),
    Column("occupied_p5", "beds", "0.05 quantile of the number of occupied beds"),
    Column("occupied_p95", "beds", "0.95 quantile of the number of occupied beds"),
    Column("held", "beds", "mean number of beds held for a patient on the way"),
    Column(
        "load",
        "share",
        "mean occupied and held beds divided by mean staffed beds, above 1 if beds have closed under "
        "patients; empty if no bed is staffed, or beds are unlimited",
    ),
    Column("full", "share", "share of replications in which the place is full at 24:00"),
    Column(
        "full_by", "share", "share of replications in which it has been full on that day or an earlier one"
    ),
)

FACILITY_BEDS = Table(
    "facility_beds", "alternative × facility × bed type", (_ALTERNATIVE, _FACILITY, _BED, *_BED_TOTALS)
)

DISTRICT_BEDS = Table(
    "district_beds",
    "alternative × district with facilities × bed type",
    (_ALTERNATIVE, _DISTRICT, _BED, *_BED_TOTALS),
)

FACILITY_DAYS = Table(
    "facility_days", "alternative × facility × bed type × day", (_ALTERNATIVE, _FACILITY, _BED, *_BED_DAYS)
)

DISTRICT_DAYS = Table(
    "district_days",
    "alternative × district with facilities × bed type × day",
    (_ALTERNATIVE, _DISTRICT, _BED, *_BED_DAYS),
)

TRANSFERS = Table(
    "transfers",
    "alternative × origin × facility × bed type",
    (
        _ALTERNATIVE,
        Column("from_kind", TEXT, "district (not from a bed), or facility"),
        Column("from", TEXT, "name of the district, or of the facility, from which patients came"),
        Column("facility", TEXT, "name of the facility to which they went"),
        Column("bed", TEXT, "oxygen or icu"),
        Column("patients_mean", "patients", "mean number of patients who went there from that origin"),
    ),
)

ACTIONS = Table(
    "actions",
    "action of a rule of the plan",
    (
        _ALTERNATIVE,
        Column("replication", "index", "index of the replication, from 0"),
        Column("day", "days", "time from 00:00 of the scenario's first day"),
        Column("rule", TEXT, "name of the rule"),
        Column("what", TEXT, "event of the rule: fired, ordered, phase 1.., ended or stood down"),
    ),
)

ASSUMPTIONS = Table(
    "assumptions",
    "input of the scenario that affects results",
    (
        Column("parameter", TEXT, "dotted path of the input in the scenario"),
        Column("value", TEXT, "value of the input"),
        Column("source", TEXT, "source of the value"),
        Column("confidence", TEXT, "official, published, counted or assumed"),
    ),
)

TABLES = (
    BREACHES,
    BREACH_DAYS,
    COMPARISON,
    BINDING,
    REPLICATIONS,
    DAILY,
    DAILY_DISTRICTS,
    REACHED,
    FACILITIES,
    FACILITY_STATES,
    FACILITY_BEDS,
    DISTRICT_BEDS,
    TRANSFERS,
    ACTIONS,
    ASSUMPTIONS,
)
"""The tables in CSV files."""

PARQUET_TABLES = (FACILITY_DAYS, DISTRICT_DAYS)
"""The tables in Parquet files."""

LATER_TABLES = (FACILITY_BEDS, DISTRICT_BEDS, TRANSFERS, *PARQUET_TABLES)
"""Tables that earlier versions did not write; they are empty when results of these are read."""


def wide_columns(scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    """Return the indicator columns of daily.parquet: province, consumables and burdens, districts."""
    commands = [scenario.command for scenario in scenarios]
    items = [column for scenario in scenarios for column in scenario_columns(scenario)]
    districts = [column for command in commands for column in district_columns(command)]
    return tuple(dict.fromkeys(column.name for column in (*PROVINCE, *items, *DISTRICT, *districts)))


def with_dtypes(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Convert `frame` to the dtypes of `table`: str, datetime64[us], int64 for indices, else float64."""
    import pandas as pd

    units = {column.name: column.unit for column in table.columns}
    columns: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        unit = units.get(name, "")
        if unit == TEXT:
            columns[name] = frame[name].astype("str")
        elif unit == DATE:
            columns[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif unit == "index" or (name == "day" and table is not ACTIONS):
            columns[name] = frame[name].astype("int64")
        else:
            columns[name] = frame[name].astype("float64")
    return pd.DataFrame(columns)


def outcome_units(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """Return the units of all outcomes in replications.csv, with the thresholds of all alternatives."""
    units = {outcome.name: outcome.unit for outcome in OUTCOMES}
    scenarios = list(scenarios)
    for scenario in scenarios:
        units |= {outcome.name: outcome.unit for outcome in scenario.extensions.outcomes}
    for scenario in scenarios:
        if scenario.command.reach is not None:
            units |= Groups(scenario).outcomes()
    names = {name: None for scenario in scenarios for name in scenario.command.thresholds}
    units |= {f"{prefix}{name}": "days" for name in names for prefix in (FIRST_DAY, DAYS_BREACHED)}
    if names:
        units[f"{FIRST_DAY}{SITUATION}"] = "days"
    return units


def own_sides(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """Return the better direction of each outcome of an extension, by name."""
    return {
        outcome.name: outcome.better for scenario in scenarios for outcome in scenario.extensions.outcomes
    }
