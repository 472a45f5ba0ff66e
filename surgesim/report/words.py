"""Every word of the figures in Vietnamese and English, and how each language writes numbers and dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

LANGUAGES: Final = ("en", "vi")

NBSP: Final = "\N{NO-BREAK SPACE}"

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "baseline": "baseline",
        "heading": "{province}: {what}",
        "under": "Alternative: {alternative}",
        "replications": "{n} runs",
        "area": "area: {area}",
        "date_days": "Date (day month, {years})",
        "date_months": "Date (month year)",
        "labelled": "{label} ({unit})",
        "median": "median",
        "band50": "half of the runs (50 %)",
        "band90": "90 % of the runs",
        "bound": "bound of the threshold",
        "breached_span": "days on which the median is in breach",
        "first_breach": "first breach: median, 90 % range",
        "first_breach_title": "First breach of each threshold: median and 90 % range",
        "from_start": "From the start: {title}",
        "first_on": "{date}: {title}",
        "never": "None by day {days} (breached in {share} of runs): {title}",
        "in_no_run": "In no run: {title}",
        "breached_in": "breached in {share} of runs (95 % interval {low} to {high})",
        "first_median": "first breach {date}",
        "first_at_start": "in breach at the start",
        "first_none": "median: none by day {days}",
        "cases_title": "reported cases of the last 7 days",
        "cases_daily_title": "reported cases",
        "reported_cases": "Reported cases",
        "unit_cases_day": "cases/day",
        "need_title": "need against staffed beds",
        "oxygen_panel": "Oxygen beds",
        "icu_panel": "Intensive care beds (ICU)",
        "unit_patients_beds": "patients, beds",
        "need": "need: median",
        "staffed": "staffed beds: median",
        "short": "median need above staffed beds",
        "without_bed": "without the bed they need (waiting or boarding): mean",
        "thresholds_title": "thresholds",
        "not_kept": "daily values are not in these results",
        "openings_title": "facilities that open to COVID-19 patients and close again",
        "openings_note": "height of a colour = share of the runs in that state",
        "open_in_half": "open in half of\nthe runs from",
        "open_never": "not opened",
        "alternatives_title": "what the alternatives change",
        "alternatives_note": (
            "mean paired difference from the baseline with 95 % interval; "
            "left of zero: less or earlier than the baseline"
        ),
        "difference": "Difference ({unit})",
        "better": "better than the baseline",
        "worse": "worse than the baseline",
        "undecided": "interval holds zero",
        "situation": "Declared emergency",
        "first_day_situation": "Start of the declared emergency",
        "state_closed": "closed",
        "state_preparing": "preparing",
        "state_open": "open",
        "state_standing-down": "standing down",
        "baseline_is": "baseline: {value} {unit}",
        "baseline_begins": "baseline: day {value}",
        "unit_days": "days",
        "binding_title": "what binds the open beds",
        "binding_note": "mean share of the beds in facilities where each constraint binds",
        "unit_share_of_beds": "share of the open beds",
        "bound_days": "of {all} breach days: {parts}",
        "bound_part": "{what} {days}",
        "emergency_days": "emergency declared in at least half of the runs",
        "by_space": "space",
        "by_doctors": "doctors",
        "by_nurses": "nurses",
        "by_equipment": "equipment",
        "by_oxygen": "oxygen",
        "oxygen_title": "oxygen supply",
        "stock_panel": "Stock in tanks and cylinders, 7-day mean",
        "use_panel": "Oxygen used, 7-day mean",
        "cover_panel": "Days of cover",
        "dry_panel": "Facilities out of oxygen, 7-day mean",
        "unit_tonnes": "tonnes",
        "unit_tonnes_day": "tonnes/day",
        "unit_cover": "days (30 or more as 30)",
        "unit_facilities": "facilities",
        "unmet": "wanted and not there: mean",
        "staff_title": "clinical staff away",
        "essential_title": "care of patients without COVID-19",
        "emergency_panel": "Emergencies not served, and all who came",
        "backlog_panel": "Elective patients who wait",
        "unit_patients_day": "patients/day",
        "unit_patients": "patients",
        "arrivals": "all who came: mean",
    },
    "vi": {
        "baseline": "phương án cơ sở",
        "heading": "{province}: {what}",
        "under": "Phương án: {alternative}",
        "replications": "{n} lần mô phỏng",
        "area": "địa bàn: {area}",
        "date_days": "Ngày (ngày/tháng, {years})",
        "date_months": "Tháng (tháng/năm)",
        "labelled": "{label} ({unit})",
        "median": "trung vị",
        "band50": "một nửa số lần mô phỏng (50 %)",
        "band90": "90 % số lần mô phỏng",
        "bound": "mức của ngưỡng",
        "breached_span": "những ngày trung vị vượt ngưỡng",
        "first_breach": "lần đầu vượt ngưỡng: trung vị, khoảng 90 %",
        "first_breach_title": "Lần đầu vượt từng ngưỡng: trung vị và khoảng 90 %",
        "from_start": "Ngay từ đầu: {title}",
        "first_on": "{date}: {title}",
        "never": "Không vượt đến ngày thứ {days} (vượt trong {share} số lần mô phỏng): {title}",
        "in_no_run": "Không lần nào: {title}",
        "breached_in": "vượt trong {share} số lần mô phỏng (khoảng tin cậy 95 %: {low} đến {high})",
        "first_median": "lần đầu vượt {date}",
        "first_at_start": "vượt ngay từ đầu",
        "first_none": "trung vị: không vượt đến ngày thứ {days}",
        "cases_title": "số ca mắc báo cáo trong 7 ngày qua",
        "cases_daily_title": "số ca mắc báo cáo",
        "reported_cases": "Số ca mắc báo cáo",
        "unit_cases_day": "ca/ngày",
        "need_title": "nhu cầu so với giường có đủ nhân viên",
        "oxygen_panel": "Giường thở ô xy",
        "icu_panel": "Giường hồi sức tích cực (ICU)",
        "unit_patients_beds": "người bệnh, giường",
        "need": "nhu cầu: trung vị",
        "staffed": "giường có đủ nhân viên: trung vị",
        "short": "nhu cầu trung vị vượt số giường có đủ nhân viên",
        "without_bed": "chưa có giường cần thiết (đang chờ hoặc nằm tạm): trung bình",
        "thresholds_title": "các ngưỡng",
        "not_kept": "kết quả không lưu giá trị hằng ngày",
        "openings_title": "các cơ sở mở và ngừng nhận người bệnh COVID-19",
        "openings_note": "chiều cao của màu = tỷ lệ số lần mô phỏng ở trạng thái đó",
        "open_in_half": "mở trong một nửa\nsố lần từ ngày",
        "open_never": "không mở",
        "alternatives_title": "các phương án làm thay đổi điều gì",
        "alternatives_note": (
            "chênh lệch trung bình theo cặp so với phương án cơ sở, khoảng tin cậy 95 %; "
            "bên trái số 0: ít hơn hoặc sớm hơn phương án cơ sở"
        ),
        "difference": "Chênh lệch ({unit})",
        "better": "tốt hơn phương án cơ sở",
        "worse": "xấu hơn phương án cơ sở",
        "undecided": "khoảng tin cậy chứa số 0",
        "situation": "Tình huống khẩn cấp",
        "first_day_situation": "Bắt đầu tình huống khẩn cấp",
        "state_closed": "đóng",
        "state_preparing": "đang chuẩn bị",
        "state_open": "hoạt động",
        "state_standing-down": "đang ngừng dần",
        "baseline_is": "phương án cơ sở: {value} {unit}",
        "baseline_begins": "phương án cơ sở: ngày thứ {value}",
        "unit_days": "ngày",
        "binding_title": "điều gì giới hạn số giường đang mở",
        "binding_note": "tỷ lệ trung bình của giường tại cơ sở bị giới hạn bởi từng yếu tố",
        "unit_share_of_beds": "tỷ lệ giường đang mở",
        "bound_days": "trong {all} ngày khẩn cấp: {parts}",
        "bound_part": "{what} {days}",
        "emergency_days": "có tình huống khẩn cấp trong ít nhất một nửa số lần mô phỏng",
        "by_space": "chỗ đặt giường",
        "by_doctors": "bác sĩ",
        "by_nurses": "điều dưỡng",
        "by_equipment": "thiết bị",
        "by_oxygen": "ô xy",
        "oxygen_title": "nguồn cung ô xy",
        "stock_panel": "Ô xy trong bồn và bình, trung bình 7 ngày",
        "use_panel": "Lượng ô xy sử dụng, trung bình 7 ngày",
        "cover_panel": "Số ngày dự trữ",
        "dry_panel": "Cơ sở hết ô xy, trung bình 7 ngày",
        "unit_tonnes": "tấn",
        "unit_tonnes_day": "tấn/ngày",
        "unit_cover": "ngày (từ 30 vẽ là 30)",
        "unit_facilities": "cơ sở",
        "unmet": "cần mà không có: trung bình",
        "staff_title": "nhân viên y tế vắng mặt",
        "essential_title": "điều trị người bệnh không mắc COVID-19",
        "emergency_panel": "Cấp cứu không được phục vụ, và tất cả người đến",
        "backlog_panel": "Người bệnh chờ điều trị theo kế hoạch",
        "unit_patients_day": "người/ngày",
        "unit_patients": "người",
        "arrivals": "tất cả người đến: trung bình",
    },
}
"""Phrases by language and key; both languages have the same keys and the same ``{fields}``."""

INDICATORS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "en": {
        "weekly_reported_cases_per_100k": ("Weekly reported cases", "cases/100,000/week"),
        "oxygen_need_7d_per_100k": ("Patients who need oxygen, 7-day mean", "patients/100,000"),
        "patients_without_bed": ("Patients without the bed they need", "patients"),
        "vacant_covid_beds_per_100k": ("Vacant COVID-19 beds", "beds/100,000"),
        "staffed_icu_beds_per_100k": ("Staffed ICU beds", "beds/100,000"),
        "oxygen_occupancy": ("Occupancy of oxygen beds", "share"),
        "icu_occupancy": ("Occupancy of ICU beds", "share"),
        "icu_need_per_100k": ("Patients who need ICU", "patients/100,000"),
        "deaths_7d_per_100k": ("Deaths of the last 7 days", "deaths/100,000/week"),
        "situation": ("Declared emergency", "0 or 1"),
        "oxygen_cover_days": ("Days of oxygen in stock", "days"),
        "facilities_out_of_oxygen": ("Facilities out of oxygen", "facilities"),
        "emergency_served_7d_share": ("Other emergencies served in 7 days", "share"),
        "elective_backlog": ("Elective patients who wait", "patients"),
        "staff_absent_share": ("Clinical staff away", "share"),
        "home_cases_not_followed": ("Cases at home not followed", "people"),
        "stock_cover_days": ("Days of stock", "days"),
        "burden_backlog": ("Waiting for disposal", "units"),
    },
    "vi": {
        "weekly_reported_cases_per_100k": ("Số ca mắc báo cáo trong tuần", "ca/100.000 dân/tuần"),
        "oxygen_need_7d_per_100k": ("Người bệnh cần thở ô xy, trung bình 7 ngày", "người/100.000 dân"),
        "patients_without_bed": ("Người bệnh chưa có giường cần thiết", "người"),
        "vacant_covid_beds_per_100k": ("Giường COVID-19 còn trống", "giường/100.000 dân"),
        "staffed_icu_beds_per_100k": ("Giường ICU có đủ nhân viên y tế", "giường/100.000 dân"),
        "oxygen_occupancy": ("Tỷ lệ sử dụng giường ô xy", "tỷ lệ"),
        "icu_occupancy": ("Tỷ lệ sử dụng giường ICU", "tỷ lệ"),
        "icu_need_per_100k": ("Người bệnh cần ICU", "người/100.000 dân"),
        "deaths_7d_per_100k": ("Số tử vong trong 7 ngày qua", "ca/100.000 dân/tuần"),
        "situation": ("Tình huống khẩn cấp", "0 hoặc 1"),
        "oxygen_cover_days": ("Số ngày dự trữ ô xy", "ngày"),
        "facilities_out_of_oxygen": ("Cơ sở hết ô xy", "cơ sở"),
        "emergency_served_7d_share": ("Cấp cứu khác được phục vụ trong 7 ngày", "tỷ lệ"),
        "elective_backlog": ("Người bệnh chờ điều trị theo kế hoạch", "người"),
        "staff_absent_share": ("Nhân viên y tế vắng mặt", "tỷ lệ"),
        "home_cases_not_followed": ("Ca bệnh tại nhà chưa được theo dõi", "người"),
        "stock_cover_days": ("Số ngày dự trữ", "ngày"),
        "burden_backlog": ("Tồn đọng chờ xử lý", "đơn vị"),
    },
}
"""Label and unit of every indicator that a threshold can name."""

OUTCOMES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "en": {
        "infections": ("Infections", "people"),
        "reported_cases": ("Reported cases", "cases"),
        "oxygen_patients": ("Patients who needed oxygen", "patients"),
        "icu_patients": ("Patients who needed ICU", "patients"),
        "deaths": ("All deaths", "deaths"),
        "deaths_unavoidable": ("Unavoidable deaths", "deaths"),
        "deaths_thin_care": ("Deaths by thin care", "deaths"),
        "deaths_untreated": ("Deaths for want of care", "deaths"),
        "peak_present": ("Peak need of oxygen or ICU", "patients"),
        "peak_icu_need": ("Peak need of ICU", "patients"),
        "peak_without_bed": ("Peak without the bed they need", "patients"),
        "waiting_days": ("Waiting in no bed", "patient-days"),
        "boarding_days": ("Boarding in an oxygen bed", "patient-days"),
        "oxygen_bed_days": ("Oxygen beds used", "bed-days"),
        "icu_bed_days": ("ICU beds used", "bed-days"),
        "situation_days": ("Days of declared emergency", "days"),
        "transferred_out": ("Transferred out of the province", "patients"),
        "oxygen_used_kg": ("Oxygen used", "kg"),
        "oxygen_unmet_kg": ("Oxygen wanted and not there", "kg"),
        "facility_days_dry": ("Facilities short of oxygen", "facility-days"),
        "emergency_unserved": ("Other emergencies not served", "patients"),
        "emergency_unserved_private": ("Of them in private facilities", "patients"),
        "elective_backlog": ("Elective patients who wait at the end", "patients"),
        "elective_backlog_private": ("Of them in private facilities", "patients"),
        "staff_absent_days": ("Staff away", "share-days"),
        "cost": ("Cost", "currency"),
    },
    "vi": {
        "infections": ("Số người nhiễm", "người"),
        "reported_cases": ("Số ca mắc báo cáo", "ca"),
        "oxygen_patients": ("Người bệnh cần thở ô xy", "người"),
        "icu_patients": ("Người bệnh cần ICU", "người"),
        "deaths": ("Tổng số tử vong", "ca"),
        "deaths_unavoidable": ("Tử vong không thể tránh", "ca"),
        "deaths_thin_care": ("Tử vong do chăm sóc không đủ", "ca"),
        "deaths_untreated": ("Tử vong do không được điều trị đủ", "ca"),
        "peak_present": ("Đỉnh nhu cầu ô xy hoặc ICU", "người"),
        "peak_icu_need": ("Đỉnh nhu cầu ICU", "người"),
        "peak_without_bed": ("Đỉnh số người thiếu giường", "người"),
        "waiting_days": ("Chờ khi chưa có giường nào", "ngày-người"),
        "boarding_days": ("Nằm tạm giường ô xy chờ ICU", "ngày-người"),
        "oxygen_bed_days": ("Sử dụng giường ô xy", "ngày-giường"),
        "icu_bed_days": ("Sử dụng giường ICU", "ngày-giường"),
        "situation_days": ("Số ngày trong tình huống khẩn cấp", "ngày"),
        "transferred_out": ("Chuyển ra ngoài tỉnh", "người"),
        "oxygen_used_kg": ("Ô xy đã sử dụng", "kg"),
        "oxygen_unmet_kg": ("Ô xy còn thiếu", "kg"),
        "facility_days_dry": ("Cơ sở thiếu ô xy", "ngày-cơ sở"),
        "emergency_unserved": ("Cấp cứu khác không được phục vụ", "người"),
        "emergency_unserved_private": ("Trong đó ở cơ sở tư nhân", "người"),
        "elective_backlog": ("Còn chờ điều trị theo kế hoạch khi kết thúc", "người"),
        "elective_backlog_private": ("Trong đó ở cơ sở tư nhân", "người"),
        "staff_absent_days": ("Nhân viên vắng mặt", "ngày-tỷ lệ"),
        "cost": ("Chi phí", "đơn vị tiền tệ"),
    },
}
"""Label and unit of every outcome of a replication."""


def phrase(lang: str, key: str, **fields: object) -> str:
    """The phrase `key` in `lang` with its fields filled in; KeyError where there is none.

    A percent sign stays with its number: the space before it does not break.
    """
    return PHRASES[lang][key].format(**fields).replace(" %", f"{NBSP}%")


def number(value: float, lang: str, digits: int = 3) -> str:
    """`value` with the decimals that so many significant digits need: ``1,234.5`` or ``1.234,5``."""
    decimals = 0
    while decimals < digits and abs(value - round(value, decimals)) > abs(value) * 10.0**-digits:
        decimals += 1
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    if lang == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    return text.replace("-", "\N{MINUS SIGN}")


def rounded(value: float, lang: str) -> str:
    """Two digits below ten, whole numbers above."""
    return number(float(f"{value:.2g}") if abs(value) < 10 else round(value), lang)


def percent(share: float, lang: str) -> str:
    """A share of 1 as a whole percentage; never 0 or 100 unless it is exactly so."""
    hundredths = round(100 * share)
    if hundredths == 0 < share:
        return f"<{NBSP}{number(1, lang)}{NBSP}%"
    if hundredths == 100 and share < 1:
        return f">{NBSP}{number(99, lang)}{NBSP}%"
    return f"{number(hundredths, lang)}{NBSP}%"


def day_month(day: date, lang: str) -> str:
    """``5 Mar`` or ``05/03``."""
    return f"{day.day}{NBSP}{_MONTHS[day.month - 1]}" if lang == "en" else f"{day:%d/%m}"


def month_year(day: date, lang: str) -> str:
    """``Mar 2024`` or ``03/2024``."""
    return f"{_MONTHS[day.month - 1]}{NBSP}{day.year}" if lang == "en" else f"{day:%m/%Y}"
