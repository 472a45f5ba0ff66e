"""The words written in a workbook, in both languages, for each word of a scenario."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """A text in both languages."""

    vi: str
    en: str

    def get(self, lang: str) -> str:
        return self.vi if lang == "vi" else self.en


NOTHING = Label("", "")


BEDS = {
    "basic": Label("giường thường", "basic"),
    "oxygen": Label("giường ô-xy", "oxygen"),
    "icu": Label("giường ICU", "icu"),
}

OWNERSHIP = {
    "public": Label("công lập", "public"),
    "private": Label("tư nhân", "private"),
    "military": Label("quân đội", "military"),
    "police": Label("công an", "police"),
    "university": Label("trường đại học", "university"),
    "workplace": Label("y tế ngành", "workplace"),
}

KINDS = {
    "hospital": Label("bệnh viện", "hospital"),
    "icu-centre": Label("trung tâm hồi sức", "ICU centre"),
    "field-hospital": Label("bệnh viện dã chiến", "field hospital"),
    "mobile-station": Label("trạm lưu động", "mobile station"),
}

LEVERS = {
    "convert_beds": Label("chuyển đổi giường", "convert beds"),
    "open_facility": Label("mở cơ sở", "open a facility"),
    "mobilise": Label("huy động tư nhân", "mobilise private hospitals"),
    "measure": Label("giãn cách xã hội", "distancing"),
}

INDICATORS = {
    "oxygen_occupancy": Label("tỷ lệ dùng giường ô-xy", "oxygen bed occupancy"),
    "icu_occupancy": Label("tỷ lệ dùng giường ICU", "ICU bed occupancy"),
    "weekly_reported_cases_per_100k": Label("ca mới/100.000 dân/tuần", "weekly cases per 100k"),
    "oxygen_need_7d_per_100k": Label("người cần ô-xy/100.000 dân", "on oxygen per 100k"),
    "patients_without_bed": Label("người chưa có giường", "patients without a bed"),
    "vacant_covid_beds_per_100k": Label("giường trống/100.000 dân", "vacant beds per 100k"),
}

CONFIDENCE = {
    "official": Label("chính thức", "official"),
    "published": Label("đã công bố", "published"),
    "counted": Label("tự đếm", "counted"),
    "assumed": Label("giả định", "assumed"),
}

LANGUAGES = {"vi": Label("Tiếng Việt", "Vietnamese"), "en": Label("Tiếng Anh", "English")}

PROFILES = {
    "vietnam": Label("Việt Nam", "Vietnam"),
    "british-columbia": Label("British Columbia (Canada)", "British Columbia (Canada)"),
    "germany": Label("Đức", "Germany"),
    "kenya": Label("Kenya", "Kenya"),
}

YES_NO = {"yes": Label("có", "yes"), "no": Label("không", "no")}

EXAMPLE = Label("Ví dụ: ", "Example: ")
"""The text with which the first cell of an example row begins; an example row is not read."""

TOTALS = ("tong", "tong cong", "tong so", "cong", "total", "totals", "grand total", "subtotal", "sum")
"""The words for a total, in lower case and without diacritics; a row with one of them is not a place."""
