"""The sheets and columns of the workbook, with their headings, units and words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from surgesim.workbook.words import (
    BEDS,
    CONFIDENCE,
    INDICATORS,
    KINDS,
    LANGUAGES,
    LEVERS,
    NOTHING,
    OWNERSHIP,
    PROFILES,
    YES_NO,
    Label,
)


class Kind(Enum):
    """The kind of value in a column."""

    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    SHARE = auto()
    DATE = auto()
    CHOICE = auto()
    YES_NO = auto()


class Column(NamedTuple):
    """A column of a sheet.

    Attributes
    ----------
    key
        The column's name in the code; it is also accepted as a heading.
    choices
        For `Kind.CHOICE`: the words of a scenario, each with the word written in a cell.
    among
        The sheet whose names are in the column's drop-down list.
    example
        The column's value in the example row.
    """

    key: str
    title: Label
    kind: Kind = Kind.TEXT
    unit: Label = NOTHING
    required: bool = False
    note: Label = NOTHING
    choices: Mapping[str, Label] = {}
    among: str = ""
    example: Label | float | int | str | None = None

    def heading(self, lang: str) -> str:
        """Return the heading with its unit: ``Tank (kg)``."""
        unit = self.unit.get(lang)
        return f"{self.title.get(lang)} ({unit})" if unit else self.title.get(lang)


class SheetForm(NamedTuple):
    """A sheet of the workbook."""

    key: str
    title: Label
    columns: tuple[Column, ...]
    required: bool = False

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)


_PEOPLE = Label("người", "people")
_BEDS = Label("giường", "beds")
_DAYS = Label("ngày", "days")
_SHARE = Label("0–1 hoặc %", "0–1 or %")
_KG = Label("kg", "kg")


def _count(key: str, vi: str, en: str, unit: Label = _PEOPLE, *, example: int | None = None) -> Column:
    return Column(key, Label(vi, en), Kind.WHOLE, unit, example=example)


PROVINCE = SheetForm(
    "province",
    Label("Tỉnh", "Province"),
    (
        Column("name", Label("Tên tỉnh", "Name"), required=True, example=Label("Tỉnh A", "Province A")),
        Column("name_en", Label("Tên tiếng Anh", "Name in English")),
        Column(
            "today",
            Label("Ngày hôm nay", "Date of today"),
            Kind.DATE,
            required=True,
            note=Label("Ngày kiểm đếm bệnh nhân, lúc 0 giờ.", "The day of the census, at 00:00."),
            example="2021-11-29",
        ),
        Column(
            "language",
            Label("Ngôn ngữ", "Language"),
            Kind.CHOICE,
            choices=LANGUAGES,
            note=Label("Của lời chú trong tệp kịch bản.", "The language of comments in the scenario file."),
        ),
        Column(
            "profile",
            Label("Bộ số liệu nền", "Profile"),
            Kind.CHOICE,
            choices=PROFILES,
            note=Label(
                "Tuổi dân số và mức tiếp xúc của nơi này thay cho ô trống.",
                "Supplies the ages and contacts, which the workbook does not ask for.",
            ),
            example=PROFILES["vietnam"],
        ),
        Column("days", Label("Số ngày mô phỏng", "Days to simulate"), Kind.WHOLE, _DAYS, example=120),
    ),
    required=True,
)

DISTRICTS = SheetForm(
    "districts",
    Label("Huyện", "Districts"),
    (
        Column("name", Label("Tên huyện", "Name"), required=True, example=Label("Huyện B", "District B")),
        Column(
            "population", Label("Dân số", "Population"), Kind.WHOLE, _PEOPLE, required=True, example=142164
        ),
        Column(
            "travel_hours",
            Label("Thời gian đi tới trung tâm", "Travel to the centre"),
            Kind.NUMBER,
            Label("giờ", "hours"),
            note=Label("Một chiều, bằng đường bộ hoặc tàu.", "One way, by road or boat."),
            example=0.5,
        ),
        Column(
            "island",
            Label("Là đảo", "Island"),
            Kind.YES_NO,
            note=Label("Tàu chỉ chạy ban ngày.", "Boats leave by day only."),
            example=YES_NO["no"],
        ),
    ),
    required=True,
)

FACILITIES = SheetForm(
    "facilities",
    Label("Cơ sở y tế", "Facilities"),
    (
        Column("name", Label("Tên cơ sở", "Name"), required=True, example=Label("Bệnh viện C", "Hospital C")),
        Column(
            "district",
            Label("Thuộc huyện", "District"),
            required=True,
            among="districts",
            example=Label("Huyện B", "District B"),
        ),
        Column(
            "ownership",
            Label("Hình thức sở hữu", "Ownership"),
            Kind.CHOICE,
            choices=OWNERSHIP,
            example=OWNERSHIP["public"],
        ),
        Column("kind", Label("Loại", "Kind"), Kind.CHOICE, choices=KINDS, example=KINDS["hospital"]),
        Column(
            "basic",
            Label("Giường thường", "Basic beds"),
            Kind.WHOLE,
            _BEDS,
            note=Label("Mỗi giường chỉ tính một lần.", "Count each bed once."),
            example=100,
        ),
        _count("oxygen", "Giường ô-xy", "Oxygen beds", _BEDS, example=60),
        _count("icu", "Giường ICU", "ICU beds", _BEDS, example=10),
        Column(
            "open_share",
            Label("Phần đang nhận COVID", "Share open to COVID"),
            Kind.SHARE,
            _SHARE,
            note=Label("Phần giường nhận COVID hôm nay.", "Share of the beds open to COVID today."),
            example="30%",
        ),
        Column(
            "convertible_share",
            Label("Phần chuyển đổi được", "Convertible share"),
            Kind.SHARE,
            _SHARE,
            note=Label("Tối đa, khi kế hoạch chuyển đổi giường.", "The maximum that a rule can convert."),
            example="60%",
        ),
        Column(
            "private_share",
            Label("Phần tư nhân đóng góp", "Private share"),
            Kind.SHARE,
            _SHARE,
            note=Label(
                "Cơ sở tư nhân: phần giường cho COVID khi được huy động.",
                "Private facilities: share of beds for COVID patients when mobilised.",
            ),
        ),
        Column(
            "open_today",
            Label("Đang hoạt động", "Open today"),
            Kind.YES_NO,
            note=Label("“không” nếu kế hoạch sẽ mở sau.", "“no” if the plan opens it later."),
            example=YES_NO["yes"],
        ),
        _count("ventilators", "Máy thở", "Ventilators", Label("máy", "machines")),
        _count("doctors", "Bác sĩ", "Doctors"),
        _count("ward_nurses", "Điều dưỡng khoa thường", "Ward nurses"),
        _count("icu_nurses", "Điều dưỡng ICU", "ICU nurses"),
        Column("tank_kg", Label("Bồn ô-xy lỏng", "Oxygen tank"), Kind.NUMBER, _KG),
        Column(
            "plant_nm3_per_hour",
            Label("Máy tạo ô-xy", "Oxygen plant"),
            Kind.NUMBER,
            Label("Nm³/giờ", "Nm³/hour"),
        ),
        _count("cylinders", "Bình ô-xy 40 L", "Cylinders of 40 L", Label("bình", "cylinders")),
        Column("delivery_kg", Label("Mỗi lần giao ô-xy", "Oxygen per delivery"), Kind.NUMBER, _KG),
        Column("delivery_days", Label("Khoảng cách giao", "Days between deliveries"), Kind.NUMBER, _DAYS),
    ),
    required=True,
)

CENSUS = SheetForm(
    "census",
    Label("Kiểm đếm", "Census"),
    (
        Column(
            "facility",
            Label("Cơ sở", "Facility"),
            required=True,
            among="facilities",
            example=Label("Bệnh viện C", "Hospital C"),
        ),
        Column(
            "bed",
            Label("Loại giường", "Bed type"),
            Kind.CHOICE,
            required=True,
            choices=BEDS,
            example=BEDS["oxygen"],
        ),
        Column("patients", Label("Bệnh nhân", "Patients"), Kind.WHOLE, _PEOPLE, required=True, example=18),
        _count("waiting", "Đang chờ giường", "Waiting"),
        Column(
            "days_in_bed",
            Label("Số ngày đã nằm", "Days in bed"),
            Kind.NUMBER,
            _DAYS,
            note=Label("Trung bình, nếu biết.", "The mean, if known."),
        ),
    ),
)

DAILY = SheetForm(
    "daily",
    Label("Hằng ngày", "Daily"),
    (
        Column("date", Label("Ngày", "Date"), Kind.DATE, required=True, example="2021-11-28"),
        Column(
            "district",
            Label("Huyện", "District"),
            among="districts",
            note=Label("Để trống: cả tỉnh.", "Empty: the whole province."),
        ),
        Column(
            "reported_cases",
            Label("Ca mới báo cáo", "Reported cases"),
            Kind.WHOLE,
            Label("người/ngày", "people/day"),
            note=Label("Số trong ngày, không phải cộng dồn.", "The number on that day, not a running total."),
            example=310,
        ),
        _count("admissions", "Nhập viện", "Admissions", Label("người/ngày", "people/day"), example=41),
        _count("in_hospital", "Đang nằm viện", "In hospital", example=402),
        _count("on_oxygen", "Đang thở ô-xy", "On oxygen"),
        _count("icu", "Đang ở ICU", "In ICU"),
        _count("deaths", "Tử vong", "Deaths", Label("người/ngày", "people/day"), example=4),
    ),
)

PLAN = SheetForm(
    "plan",
    Label("Kế hoạch", "Plan"),
    (
        Column("name", Label("Tên biện pháp", "Name"), example=Label("Chuyển khoa", "Convert wards")),
        Column(
            "lever",
            Label("Biện pháp", "Lever"),
            Kind.CHOICE,
            required=True,
            choices=LEVERS,
            example=LEVERS["convert_beds"],
        ),
        Column(
            "facilities",
            Label("Cơ sở", "Facilities"),
            note=Label(
                "Chỉ khi mở cơ sở; nhiều tên cách nhau bằng dấu chấm phẩy.",
                "Only to open facilities; separate names by semicolons.",
            ),
        ),
        Column("share", Label("Phần", "Share"), Kind.SHARE, _SHARE, example="100%"),
        Column(
            "indicator",
            Label("Khi chỉ số", "When indicator"),
            Kind.CHOICE,
            required=True,
            choices=INDICATORS,
            example=INDICATORS["oxygen_occupancy"],
        ),
        Column("above", Label("Vượt", "Is above"), Kind.NUMBER, example=0.7),
        Column("below", Label("Dưới", "Is below"), Kind.NUMBER),
        Column("for_days", Label("Liên tục", "For"), Kind.WHOLE, _DAYS, example=2),
        Column("decision_days", Label("Thời gian quyết định", "Decision"), Kind.NUMBER, _DAYS, example=1),
        Column("lead_days", Label("Thời gian chuẩn bị", "Lead time"), Kind.NUMBER, _DAYS, example=2),
        Column("end_above", Label("Kết thúc khi vượt", "Ends above"), Kind.NUMBER),
        Column("end_below", Label("Kết thúc khi dưới", "Ends below"), Kind.NUMBER, example=0.3),
        Column("end_days", Label("Liên tục trước khi kết thúc", "Before it ends for"), Kind.WHOLE, _DAYS),
    ),
)

SOURCES = SheetForm(
    "sources",
    Label("Nguồn", "Sources"),
    (
        Column(
            "of",
            Label("Số liệu của trang", "Figures of sheet"),
            Kind.CHOICE,
            required=True,
            choices={form.key: form.title for form in (DISTRICTS, FACILITIES, CENSUS, DAILY, PLAN)},
            example=FACILITIES.title,
        ),
        Column(
            "source", Label("Nguồn", "Source"), required=True, example=Label("Sở Y tế", "Health department")
        ),
        Column(
            "confidence",
            Label("Độ tin cậy", "Confidence"),
            Kind.CHOICE,
            choices=CONFIDENCE,
            example=CONFIDENCE["official"],
        ),
    ),
)

SHEETS = (PROVINCE, DISTRICTS, FACILITIES, CENSUS, DAILY, PLAN, SOURCES)
