"""The workbook: a spreadsheet of hospitals, this morning's census and the daily report, read into a scenario.

`sheets` declares the sheets and columns, `reading` turns a file into tables, `drafts` makes a scenario of
them, `intake` is the way in; `template` and `quick` write what one starts from.
"""
