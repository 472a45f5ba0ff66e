"""ICU skills of doctors and nurses, and teams in which they lead others in intensive care."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.staff import DOCTORS, ICU_NURSES, WARD_NURSES, IcuSkills, PatientsPerPost

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARE, FOLLOWERS, PER_NURSE, PER_DOCTOR = range(4)
"""Columns of the terms of teams: the share of ward nurses who can work in teams, the ward nurses whom an ICU
nurse leads, and the patients per ICU nurse and per doctor with ICU skills."""

_ROUNDING = 1e-9  # in posts


def icu_skills(
    per_post: PatientsPerPost,
    posts: Floats,
    skilled: Floats | None,
    terms: Floats | None,
    space: Ints,
    limits: Floats,
) -> IcuSkills | None:
    """Form the teams of today, take their ward nurses from `posts`, and return what ICU skills allow.

    Teams are formed only for open ICU beds that have equipment, oxygen and doctors, and that ICU nurses
    alone cannot look after at maximum ratios.

    Parameters
    ----------
    posts
        ``(facilities, 3)`` round-the-clock posts of doctors, ward nurses and ICU nurses; changed in place.
    skilled
        ``(facilities,)`` posts of doctors with ICU skills; None if all doctors have them.
    terms
        ``(facilities, 4)`` terms of teams, in the order SHARE, FOLLOWERS, PER_NURSE, PER_DOCTOR; None if no
        rule forms teams.
    space
        ``(facilities,)`` ICU beds open to COVID patients.
    limits
        ``(facilities,)`` ICU beds that equipment and oxygen allow.
    """
    if skilled is None and terms is None:
        return None
    (doctor_normal, doctor_most), (_, nurse_most) = per_post.ratios["icu"][:, :, 0].tolist()
    led, in_teams = np.zeros((2, len(posts)))
    all_lead = np.zeros(len(posts), np.bool_)
    able = np.full((2, len(posts)), np.inf)
    if skilled is not None:
        able[:] = skilled * np.array([[doctor_normal], [doctor_most]])
    if terms is None:
        return IcuSkills(able, led, in_teams, all_lead)
    at = np.flatnonzero((terms[:, SHARE] > 0) & np.isfinite(posts[:, ICU_NURSES]))
    share, followers, per_nurse, per_doctor = terms[at].T
    if skilled is not None:
        able[1, at] = skilled[at] * np.maximum(per_doctor, doctor_most)
    beds = np.minimum(np.minimum(space[at], limits[at]), posts[at, DOCTORS] * doctor_most)
    beds = np.floor(np.minimum(beds, able[1, at]) + _ROUNDING)
    nurses, ward = posts[at, ICU_NURSES], posts[at, WARD_NURSES]
    gain = per_nurse - nurse_most  # patients that a team looks after beyond those of an ICU nurse alone
    lacking = np.maximum(beds - nurses * nurse_most, 0.0)
    needed = np.divide(lacking, gain, out=np.zeros(len(at)), where=gain > 0)
    teams = np.minimum(np.minimum(needed, nurses), ward * share / followers)
    in_teams[at] = np.minimum(teams * followers, ward)
    posts[:, WARD_NURSES] -= in_teams
    led[at] = teams * np.maximum(gain, 0.0) / nurse_most
    all_lead[at] = teams >= nurses - _ROUNDING
    return IcuSkills(able, led, in_teams, all_lead)


def with_skills(posts: Floats, skilled: Floats | None) -> Floats:
    """Return the posts of those who may look after ICU patients, ``(facilities, 3)``."""
    if skilled is None:
        return posts
    able = posts.copy()
    able[:, DOCTORS] = np.minimum(able[:, DOCTORS], skilled)
    return able
