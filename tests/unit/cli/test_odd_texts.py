"""What the commands print of odd files and texts: one sentence, nothing that a terminal acts on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HEAD = 'name: x\ntitle: "{}"\nstart: 2024-01-01\n"da\\e[2Jys\\u202e": 5\n'


def surgesim(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "surgesim.cli", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize(
    ("name", "what"), [("pipe.yaml", "a pipe"), ("/dev/zero", "a device"), (".", "a folder")]
)
def test_a_scenario_that_is_no_file_is_one_sentence_at_once(
    tmp_path: Path, command: str, name: str, what: str
) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    done = surgesim(tmp_path, command, name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{name}: got {what}, expected a file\n"


def test_nothing_that_a_terminal_acts_on_is_printed(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(HEAD.format(r"a\e]0;b\u2066"), encoding="utf-8")
    done = surgesim(tmp_path, "validate", "s.yaml")
    assert done.returncode == 2
    assert done.stderr.replace("\n", "").isprintable()
    assert "s.yaml:2: title: got the invisible character U+001B" in done.stderr
    assert "s.yaml:4: da\\x1b[2Jys\\u202e: unknown key" in done.stderr
