"""The workbook: a spreadsheet of hospitals, today's census and daily reports that becomes a scenario.

`intake` is the entry point. `sheets` declares the sheets and columns, `reading` turns a file into tables, and
`drafts` turns tables into a scenario. `template` writes an empty workbook, and `quick` a scenario from a few
figures.
"""
