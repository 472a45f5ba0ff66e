"""Commands for scenario files: validate, new, schema."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.options import LangOption, QuietOption, SetOption
from surgesim.cli.terminal import BAD_INPUT, count, errors, fail
from surgesim.errors import ScenarioError, escaped, listed
from surgesim.files import atomic_write


@app.command(epilog="Example: surgesim validate scenarios/kien-giang.yaml")
def validate(
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files (YAML).")],
    lang: LangOption,
    set_: SetOption = None,
    all_: Annotated[
        bool, typer.Option("--all", help="List every figure that is assumed or has no source.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Check scenarios without running them.

    Reports all errors at once, with file and line; warnings count figures that are unsourced or assumed. Then
    prints the totals of the scenario: people, facilities, beds, staff and oxygen.
    """
    failed = False
    with errors():
        from surgesim.report.inventory import inventory
        from surgesim.scenario.door import examine
        from surgesim.study.precision import check_precision

        for path in scenarios:
            try:
                loaded, warnings, origins = examine(path, changes=set_ or ())
                check_precision(loaded)
            except ScenarioError as error:
                failed = True
                typer.echo(str(error), err=True)
                continue
            if not quiet:
                lines = [
                    f"warning: {warning}" + (f": {warning.detail}" if all_ and warning.detail else "")
                    for warning in warnings
                ]
                if lines:
                    typer.echo(listed(lines))
                typer.echo("\n".join(map(escaped, inventory(loaded, origins, lang.value))))
                more = any(warning.detail for warning in warnings) and not all_
                hint = "; --all lists the figures" if more else ""
                typer.echo(f"{path}: no errors, {count(len(warnings), 'warning')}{hint}")
    if failed:
        raise typer.Exit(BAD_INPUT)


@app.command(epilog="Example: surgesim new my-province --from scenarios/kien-giang.yaml")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario: a-z, 0-9 and hyphens.")],
    like: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="SCENARIO", help="Scenario to start from.", show_default="a small example"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="NAME.yaml")] = None,
) -> None:
    """Write a commented scenario as a starting point."""
    with errors():
        from surgesim.scenario.door import starter

        path = out if out is not None else Path(f"{name}.yaml")
        text = starter(name, like, folder=path.parent)
        if path.exists():
            fail(f"{path}: exists already, expected a new file")
        with atomic_write(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
        typer.echo(f"{path}: written; check it with: surgesim validate {shlex.quote(str(path))}")


@app.command(epilog="Example: surgesim schema > surgesim.schema.json")
def schema() -> None:
    """Print the JSON Schema of scenarios.

    Editors use it to complete and check scenario files.
    """
    with errors():
        import json

        from surgesim.scenario.door import json_schema

        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
