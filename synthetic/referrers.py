"""Who refers: the agency, the job and the team that go with a source and a sector.

Here: the small tables that referrals and contacts share. Not here: how often each source occurs (targets/).
"""

from __future__ import annotations

import numpy as np

_SECTORS = {
    "early_years": ("nursery", "childminder", "other_early_years"),
    "fostering": ("authority_fostering", "independent_fostering"),
    "education": (
        "primary", "secondary", "special", "pupil_referral_unit", "through_school", "independent",
        "further_education", "school_transport", "other_education",
    ),
}  # fmt: skip
_GROUP = {sector: group for group, sectors in _SECTORS.items() for sector in sectors}
_EMPLOYER = {
    "residential": "residential", "health": "health", "police": "police", "social_care": "social_care",
    "sports": "voluntary", "faith": "voluntary", "uniformed_groups": "voluntary", "voluntary": "voluntary",
}  # fmt: skip
_AGENCY = {
    "police": "police", "polit": "police", "childrens_services": "social_care", "health": "health",
    "ofsted": "ofsted", "other_authority": "other_authority", "public": "public", "school": "education",
}  # fmt: skip
_JOBS = {
    "police": ["police_officer"],
    "polit": ["police_officer"],
    "childrens_services": ["social_worker"],
    "health": ["health_professional", "designated_safeguarding_lead"],
    "ofsted": ["inspector"],
    "other_authority": ["social_worker", "other"],
    "public": ["public", "parent"],
    "school": ["head_teacher", "designated_safeguarding_lead"],
}
_TEAM = {
    "police": ("police", 1.0),
    "polit": ("polit", 1.0),
    "childrens_services": ("front_door", 0.7),
    "other_authority": ("other_lado", 0.6),
}
_TEAM_OF_GROUP = {
    "education": ("education_safeguarding", 0.2),
    "early_years": ("early_years_service", 0.25),
    "fostering": ("fostering_service", 0.4),
}


def sector_group(sector: str) -> str:
    """The four groups of the code list, for draws that depend on them."""
    return _GROUP.get(sector, "wider_workforce")


def agency_and_job(rng: np.random.Generator, source: str, sector: str) -> tuple[str, str]:
    """Agency and job of the person who refers; an employer's depend on the sector."""
    group = sector_group(sector)
    agency = _AGENCY.get(source) or _EMPLOYER.get(sector, "other" if group == "wider_workforce" else group)
    if source in _JOBS:
        jobs = _JOBS[source]
    elif group == "education":
        jobs = ["head_teacher", "designated_safeguarding_lead"]
    else:
        jobs = ["manager", "manager", "human_resources", "designated_safeguarding_lead"]
    return agency, jobs[rng.integers(len(jobs))]


def team(rng: np.random.Generator, source: str, sector: str) -> str | None:
    """The team that referred, where one is recorded; the police's teams always are."""
    name, share = _TEAM.get(source) or _TEAM_OF_GROUP.get(sector_group(sector), (None, 0.0))
    return name if rng.random() < share else None
