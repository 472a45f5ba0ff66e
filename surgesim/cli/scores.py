"""The command that scores forecasts: score."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.options import Format, FormatOption, LangOption, QuietOption
from surgesim.cli.terminal import errors, show
from surgesim.files import atomic_write, is_drawn, make_folder, refuse_to_replace

if TYPE_CHECKING:
    import pandas as pd


@app.command(epilog="Example: surgesim score forecasts.csv --truth daily.csv --out scores")
def score(
    forecasts: Annotated[
        list[Path],
        typer.Argument(
            metavar="FORECASTS",
            help="CSV files with quantiles in hubverse format: origin_date, target, horizon, "
            "target_end_date, location, output_type, output_type_id, value.",
        ),
    ],
    lang: LangOption,
    truth: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="CSV of observed data, as for `surgesim fit`, from before the first forecast on.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("results/scores"),
    format_: FormatOption = Format.svg,
    quiet: QuietOption = False,
) -> None:
    """Score forecasts against observed data.

    Writes coverage, weighted interval score and bias, and compares them with those of two simple forecasts.
    The scores are by target, horizon and location (scores.csv) and by forecast (each.csv); a figure shows
    them.
    """
    with errors(interrupted="the files already written are complete"):
        from rich.text import Text

        from surgesim.report.figures import draw_score, save
        from surgesim.report.screen.scores import scores_table
        from surgesim.report.words import number, phrase
        from surgesim.scoring.score import score as run_score
        from surgesim.study.store.csv_files import write_csv

        scores = run_score(forecasts, truth)
        tables = {"scores": scores.table, "each": scores.each, "calibration": scores.calibration}
        figure = out / f"scores.{format_.value}"
        refuse_to_replace(figure, is_drawn, "a figure")
        for name, table in tables.items():
            _refuse_to_replace(out / f"{name}.csv", table)
        with make_folder(out):
            for name, table in tables.items():
                with atomic_write(out / f"{name}.csv") as part:
                    write_csv(part, table)
            save(draw_score(scores, lang.value), figure)
        if quiet:
            return
        show(scores_table(scores, lang.value))
        show(Text(phrase(lang.value, "score.reading")))
        if scores.left_out:
            show(Text(phrase(lang.value, "score.left_out", n=number(scores.left_out, lang.value))))
        typer.echo(f"{out}{os.sep}")


def _refuse_to_replace(path: Path, table: pd.DataFrame) -> None:
    columns = ",".join(map(str, table.columns)).encode()
    refuse_to_replace(
        path, lambda there: there.is_file() and there.read_bytes().startswith(columns), "a table of scores"
    )
