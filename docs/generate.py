"""Write the pages that are generated from the code; a test checks that they are up to date.

python docs/generate.py
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def main() -> None:
    sys.path.insert(0, str(DOCS.parent))  # import this checkout, not an installed version
    from surgesim.scenario.reference.page import scenario_reference
    from surgesim.study.dictionary import data_dictionary

    (DOCS / "scenario-reference.md").write_text(scenario_reference(), encoding="utf-8")
    (DOCS / "data-dictionary.md").write_text(data_dictionary(), encoding="utf-8")


if __name__ == "__main__":
    main()
