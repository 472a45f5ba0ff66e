"""The tables of the report: every number with the cell it comes from, every row with its heading."""

from __future__ import annotations

from surgesim.report.tables.breached import areas, binding, breaches, glance, thresholds
from surgesim.report.tables.cells import ReportTable
from surgesim.report.tables.compared import comparison, costs, plans, thresholds_by_plan
from surgesim.report.tables.grounds import assumptions, confidences, identities, versions
from surgesim.report.tables.totals import LOGISTIC, districts, facilities, outcomes, reached, supplies

__all__ = [
    "LOGISTIC",
    "ReportTable",
    "areas",
    "assumptions",
    "binding",
    "breaches",
    "comparison",
    "confidences",
    "costs",
    "districts",
    "facilities",
    "glance",
    "identities",
    "outcomes",
    "plans",
    "reached",
    "supplies",
    "thresholds",
    "thresholds_by_plan",
    "versions",
]
