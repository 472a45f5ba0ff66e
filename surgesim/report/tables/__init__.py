"""The tables of the report: each number carries its source cell, and each row its heading."""

from __future__ import annotations

from surgesim.report.tables.beds import district_beds, facility_beds
from surgesim.report.tables.breach import areas, binding, breaches, thresholds
from surgesim.report.tables.calendar import calendar_decisions
from surgesim.report.tables.cells import ReportTable, grid
from surgesim.report.tables.comparisons import comparison, costs, plans, thresholds_by_plan
from surgesim.report.tables.forecast import forecast_tables
from surgesim.report.tables.grounds import assumptions, confidences, identities, likelihood_words, versions
from surgesim.report.tables.hospitals import hospitals
from surgesim.report.tables.spread import spreads
from surgesim.report.tables.totals import LOGISTIC, districts, facilities, outcomes, reached, supplies

__all__ = [
    "LOGISTIC",
    "ReportTable",
    "areas",
    "assumptions",
    "binding",
    "breaches",
    "calendar_decisions",
    "comparison",
    "confidences",
    "costs",
    "district_beds",
    "districts",
    "facilities",
    "facility_beds",
    "forecast_tables",
    "grid",
    "hospitals",
    "identities",
    "likelihood_words",
    "outcomes",
    "plans",
    "reached",
    "spreads",
    "supplies",
    "thresholds",
    "thresholds_by_plan",
    "versions",
]
