"""What bears a file's name and is none, or holds no UTF-8: one sentence at once, never a wait."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loading_cases import ARRIVALS, SMALL, WITH_ARRIVALS, written

from surgesim.errors import ScenarioError
from surgesim.scenario.door import load, starter

WAIT = 10
"""Seconds after which a test that waits for a pipe is stopped."""


@pytest.fixture(autouse=True)
def _no_wait() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError("waits for a file that never ends")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(WAIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "got a pipe, expected a file"


def folder(path: Path) -> str:
    path.mkdir()
    return "got a folder, expected a file"


def device(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "got a device, expected a file"


def loop(path: Path) -> str:
    path.symlink_to(path.name)
    return "got a file that cannot be read (Too many levels of symbolic links)"


def two_links(path: Path) -> str:
    path.symlink_to("other")
    (path.parent / "other").symlink_to(path.name)
    return "got a file that cannot be read (Too many levels of symbolic links)"


def dangling(path: Path) -> str:
    path.symlink_to("nowhere")
    return "got the name of a file that does not exist"


def utf16(path: Path) -> str:
    path.write_bytes("name: Kiên Giang\n".encode("utf-16"))
    return "got text in UTF-16, expected UTF-8: save as UTF-8"


def utf16_big(path: Path) -> str:
    path.write_bytes("date,icu\n2024-01-01,1\n".encode("utf-16-be"))
    return "got text in UTF-16, expected UTF-8: save as UTF-8"


def utf16_bare(path: Path) -> str:
    path.write_bytes("date,icu\n2024-01-01,1\n".encode("utf-16-le"))
    return "got text in UTF-16, expected UTF-8: save as UTF-8"


ODD = [pipe, folder, device, loop, two_links, dangling, utf16, utf16_big, utf16_bare]
EXTENDING = 'name: small\nextends: "ODD"\n'
FROM_FILE = WITH_ARRIVALS.replace(ARRIVALS, 'arrivals: {file: "ODD"}\n')


def refusal(path: Path) -> tuple[str, str]:
    """File and message of the only problem of a scenario that must not load."""
    with pytest.raises(ScenarioError) as caught:
        load(path)
    [problem] = caught.value.problems
    return Path(problem.file or "").name, problem.message


@pytest.mark.parametrize("make", ODD)
def test_a_scenario_that_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], str]) -> None:
    message = make(tmp_path / "odd.yaml")
    assert refusal(tmp_path / "odd.yaml") == ("odd.yaml", message)
    with pytest.raises(ScenarioError):
        starter("mine", str(tmp_path / "odd.yaml"))


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("text", [EXTENDING, FROM_FILE])
def test_what_a_scenario_names_and_is_no_file_is_refused_at_once(
    tmp_path: Path, text: str, make: Callable[[Path], str]
) -> None:
    message = make(tmp_path / "odd")
    file, got = refusal(written(tmp_path, text.replace("ODD", "odd")))
    assert file in ("s.yaml", "odd")
    assert got.startswith(message)


@pytest.mark.parametrize("text", [EXTENDING, FROM_FILE])
def test_a_name_that_holds_nul_is_refused(tmp_path: Path, text: str) -> None:
    file, message = refusal(written(tmp_path, text.replace("ODD", r"a\0b")))
    assert file == "s.yaml"
    assert message.startswith("got a file that cannot be read (")


def test_python_may_not_name_such_a_file_either(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"a\\x00b: got a file that cannot be read"):
        load(str(tmp_path / "a\0b"))


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("odd.yaml")
        assert refusal(Path("odd.yaml")) == ("odd.yaml", "got a socket, expected a file")


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "there/small.yaml")
    (tmp_path / "s.yaml").symlink_to("there/small.yaml")
    assert load(tmp_path / "s.yaml").name == "small"


HEADED = "date{0}district{0}icu\n2024-01-01{0}town{0}1\n2024-01-02{0}town{0}2\n"


@pytest.mark.parametrize("mark", [";", "\t", ","])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_csv_of_a_spreadsheet_is_read_whatever_parts_its_columns(
    tmp_path: Path, mark: str, quote: str
) -> None:
    cells = HEADED.format(f"{quote}{mark}{quote}").splitlines()
    written(tmp_path, "\r\n".join(f"{quote}{line}{quote}" for line in cells), "w.csv")
    arrivals = load(written(tmp_path, FROM_FILE.replace("ODD", "w.csv"))).arrivals
    assert arrivals is not None
    assert {name: one.counts for name, one in arrivals.series.items()} == {"town-icu": (1, 2)}


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("day;icu\n0;1,5\n", "got '1,5' for icu, expected a number (use a decimal point: 1.5)"),
        ("day;icu\n0;1;2\n", "got 3 values, expected 2, as in the header"),
        (
            "day,icu,a;b\n0,1,2\n",
            "unknown column 'a;b', expected one of day, date, district, age, basic, oxygen, icu",
        ),
        ("day\ticu\n0\t1,2\n", "got '1,2' for icu, expected a number (use a decimal point: 1.2)"),
    ],
)
def test_what_parts_neither_columns_nor_decimals_is_told(tmp_path: Path, csv: str, message: str) -> None:
    written(tmp_path, csv, "w.csv")
    assert refusal(written(tmp_path, FROM_FILE.replace("ODD", "w.csv"))) == ("w.csv", message)
