"""axe-core in headless Chromium finds nothing serious in the report, at two widths and in both languages;
no table is cut on a phone.

Needs Chromium on the PATH (Debian: ``apt-get install chromium``) and axe-core (``npm install --no-save
axe-core`` in the repository, or its ``axe.min.js`` named by AXE_CORE); it is skipped where one is missing.
What can be checked without a browser is in test_report.py.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from report_cases import case_with_reports

ROOT = Path(__file__).parents[3]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(os.environ.get("AXE_CORE", ROOT / "node_modules" / "axe-core" / "axe.min.js"))
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=60000", "--timeout=120000", "--dump-dom",
)  # fmt: skip
PHONE = 390
"""Pixels; the window cannot be so narrow, the body of the page can."""

RUN = (
    f"""
if (window.innerWidth < 640) document.body.style.maxWidth = "{PHONE}px";
const width = document.body.clientWidth;
const cut = [...document.querySelectorAll(".wide > table")].filter(
  table => table.getBoundingClientRect().right > document.body.getBoundingClientRect().right
           || table.parentElement.scrollWidth > table.parentElement.clientWidth).map(table => table.id);
"""
    """
axe.run().then(
  found => { document.documentElement.innerHTML = "<pre id=found></pre>";
             document.getElementById("found").textContent = JSON.stringify(
               {violations: found.violations.map(
                  v => [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 200))]),
                passes: found.passes.length, width, cut}); });
"""
)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH"),
    pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install --no-save axe-core, or AXE_CORE"),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return case_with_reports(tmp_path_factory)[1]


def axe(page: str, folder: Path, width: int) -> dict[str, Any]:
    """What axe finds in a page as Chromium shows it, `width` pixels wide."""
    assert CHROMIUM is not None
    script = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    tail = f"<script>{script}</script><script>{RUN}</script></body>"
    path = folder / "page.html"
    path.write_text(page.replace("</body>", tail), encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            f"--window-size={width},900",
            f"--user-data-dir={folder / 'profile'}",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return told


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [1280, 500])
def test_nothing_serious(reports: dict[str, str], tmp_path: Path, lang: str, width: int) -> None:
    found = axe(reports[lang], tmp_path, width)
    assert found["passes"] > 25
    assert [v for v in found["violations"] if v[0] in ("serious", "critical")] == []
    assert found["cut"] == []
    assert found["width"] == PHONE or width > 640


def test_what_is_serious_is_found(reports: dict[str, str], tmp_path: Path) -> None:
    spoilt = reports["en"].replace('<html lang="en">', "<html>").replace('aria-label="', 'data-was="')
    found = axe(spoilt, tmp_path, 1280)
    assert {"html-has-lang", "svg-img-alt"} <= {v[1] for v in found["violations"] if v[0] == "serious"}
