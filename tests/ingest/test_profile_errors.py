"""What a profile says when it is wrong: the line, what is wrong, and what was probably meant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from arrivals import Door

import ingest
from ingest.feeds import read_feeds
from ingest.profile import PROFILES_FOLDER, read_closed_lists
from ingest.profile_check import check_profile

CODE_LISTS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "code_lists.csv"
GOOD = """\
authority: testshire
name: Testshire
missing_feeds:
  training: Not recorded.
sources:
  - feed: referrals
    source_system: lcs
    files: "referrals*.csv"
    format: csv
    extract: full
    key_pattern: "R\\\\d+"
    dates: ["%d/%m/%Y"]
    constants: {pathway: allegation}
    headings:
      referral_id: Ref
      received_on: [Received, Date Received]
      sector: Sector
codes:
  sector:
    Primary: primary
    Secondary: secondary
  harm_criterion:
    Unsuitable: {member: unsuitable, from: 2020-09-01}
"""


def problems(folder: Path, text: str, name: str = "testshire.yml", sample: Path | None = None):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [(one.line, one.message) for one in check_profile(path, CODE_LISTS, sample)]


def test_the_good_profile_is_good(tmp_path):
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("    headings:", "    heading:", 14, "unknown key `heading` at line 14: did you mean `headings`?"),
        ("    headings:", "    heading:", 6, "`headings` is missing from the entry at line 6"),
        ("name:", "nmae:", 2, "unknown key `nmae` at line 2: did you mean `name`?"),
        ("from: 2020", "form: 2020", 23, "unknown key `form` at line 23: did you mean `from`?"),
        ("feed: referrals", "feed: referals", 6, "line 6: no such feed as `referals`: did you mean `referrals`?"),
        ("received_on:", "recieved_on:", 16,
         "line 16: `referrals` has no column `recieved_on`: did you mean `received_on`?"),
        ("      received_on: [Received, Date Received]\n", "", 14,
         "line 14: `referrals` cannot do without `received_on`"),
        ("Primary: primary", "Primary: primery", 20,
         "line 20: `sector` has no member `primery`: did you mean `primary`?"),
        ("  sector:\n", "  sectors:\n", 19, "line 19: no such code list as `sectors`: did you mean `sector`?"),
        ("    Secondary: secondary", "    PRIMARY : secondary", 21,
         "line 21: `PRIMARY` (also as `Primary`) has dates that overlap or run backwards"),
        ("    Secondary: secondary", "    Primary: secondary", 21, "`Primary` at line 21 is already given at line 20"),
        ("%d/%m/%Y", "%d/%m", 12, "line 12: the format `%d/%m` must hold %d, %Y and one of %m, %b, %B"),
        ("    dates: [\"%d/%m/%Y\"]\n", "", 6, "line 6: `referrals` has columns of type date but no `dates` formats"),
        ("R\\\\d+", "R(", 11, "line 11: not a regular expression: missing ), unterminated subpattern at position 1"),
        ("training: Not", "trainings: Not", 4, "line 4: no such feed as `trainings`: did you mean `training`?"),
        ("training: Not", "referrals: Not", 4, "line 4: `referrals` is said to be missing but has a source"),
        ("pathway: allegation}", "pathway: allegations}", 13,
         "line 13: `pathway` has no member `allegations`: did you mean `allegation`?"),
        ("extract: full", "extract: weekly", 10, "`sources.1.extract` at line 10: Input should be 'full' or 'changes'"),
        ("authority: testshire", "authority: othershire", 1, "line 1: `othershire` must be the file's name, testshire"),
        ("name: Testshire", "name: Testshire\ntime_zone: Europe/Londn", 3,
         "line 3: no such time zone as `Europe/Londn`"),
        ("format: csv", "format: xlsx", 6, "line 6: a workbook needs `sheet`, the name of its sheet"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line(tmp_path, old, new, line, message):
    assert GOOD.count(old) == 1
    assert (line, message) in problems(tmp_path, GOOD.replace(old, new))


def changed(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        # A word that is none of the allowed ones, and a column that the feed has not.
        ([("format: csv", "format: cvs"), ("      referral_id:", "      referralid:")],
         [(9, "`sources.1.format` at line 9: Input should be 'csv' or 'xlsx'"),
          (14, "line 14: `referrals` cannot do without `referral_id`"),
          (15, "line 15: `referrals` has no column `referralid`: did you mean `referral_id`?")]),
        # Mistakes of the shape in every part, and one beside each that only the second look finds.
        ([("name: Testshire", "name: [Testshire]\ntime_zone: Europe/Londn"), ("training: Not", "trainings: Not"),
          ("extract: full", "extract: weekly"), ('"%d/%m/%Y"', '"%d/%m"'),
          ("from: 2020-09-01", "from: autumn"), ("Primary: primary", "Primary: primery")],
         [(2, "`name` at line 2: Input should be a valid string"),
          (3, "line 3: no such time zone as `Europe/Londn`"),
          (5, "line 5: no such feed as `trainings`: did you mean `training`?"),
          (11, "`sources.1.extract` at line 11: Input should be 'full' or 'changes'"),
          (13, "line 13: the format `%d/%m` must hold %d, %Y and one of %m, %b, %B"),
          (21, "line 21: `sector` has no member `primery`: did you mean `primary`?"),
          (24, "`codes.harm_criterion.Unsuitable.1.from` at line 24: Input should be a valid date or datetime, "
               "input is too short")]),
        # What was taken out is missed by nobody: no word of dates, of mandatory columns, of a feed without a source.
        ([('dates: ["%d/%m/%Y"]', "dates: {a: b}")],
         [(12, "`sources.1.dates` at line 12: Input should be a valid tuple")]),
        ([("      received_on: [Received, Date Received]", "      received_on: {a: b}")],
         [(16, "`sources.1.headings.received_on.1` at line 16: Input should be a valid string")]),
        ([("  - feed: referrals", "  - feed: [referrals]")],
         [(6, "`sources.1.feed` at line 6: Input should be a valid string")]),
        ([("authority: testshire", "authority: Testshire!")],
         [(1, "`authority` at line 1: String should match pattern '^[a-z][a-z0-9_]*$'")]),
        ([("    format: csv\n", "    format: xlsx\n    sheet: [a]\n")],
         [(10, "`sources.1.sheet` at line 10: Input should be a valid string")]),
        ([("sources:\n", "sources:\n  - referrals\n")],
         [(6, "`sources.1` at line 6: Input should be a valid dictionary or instance of Source")]),
    ],
    ids=["two stages", "every part", "dates", "a heading", "a feed", "the authority", "a sheet", "a source"],
)  # fmt: skip
def test_every_mistake_is_told_at_once_and_nothing_else(tmp_path, changes, told):
    assert problems(tmp_path, changed(*changes)) == told
    with pytest.raises(ingest.ProfileError):
        ingest.read_profile(tmp_path / "testshire.yml")


def test_yaml_that_cannot_be_read_is_told_with_its_line(tmp_path):
    ((line, message),) = problems(tmp_path, GOOD.replace("name: Testshire", "name: 'Testshire"))
    assert line > 1 and message.startswith("not readable as YAML at line ")
    assert problems(tmp_path, "") == [(1, "the profile is empty: copy _template.yml")]


def test_a_profile_that_cannot_be_used_is_an_error_with_every_problem(tmp_path):
    path = tmp_path / "testshire.yml"
    path.write_text(GOOD.replace("name:", "nmae:").replace("extract: full", "extract: all"), encoding="utf-8")
    with pytest.raises(ingest.ProfileError) as caught:
        ingest.read_profile(path)
    assert len(caught.value.problems) == 3
    assert str(caught.value).startswith("the profile testshire.yml cannot be used:\n")


def test_of_two_profiles_for_one_authority_the_later_folder_counts(tmp_path):
    (tmp_path / "kent.yml").write_text(
        GOOD.replace("testshire", "kent").replace("Testshire", "Kent at home"), encoding="utf-8"
    )
    profiles = ingest.read_profiles([PROFILES_FOLDER, tmp_path], CODE_LISTS)
    assert sorted(profiles) == ["buckinghamshire", "kent"]
    assert profiles["kent"].name == "Kent at home"


@pytest.mark.parametrize("name", ["_template", "kent", "buckinghamshire"])
def test_the_profiles_of_the_repository_have_no_problems(tmp_path, name):
    authority = "example" if name == "_template" else name
    path = tmp_path / f"{authority}.yml"
    shutil.copy(PROFILES_FOLDER / f"{name}.yml", path)
    assert check_profile(path, CODE_LISTS) == []


def test_a_copy_of_the_template_reads_a_drop_without_a_marker(tmp_path):
    profiles = tmp_path / "own"
    profiles.mkdir()
    shutil.copy(PROFILES_FOLDER / "_template.yml", profiles / "example.yml")
    (tmp_path / "home").mkdir()
    door = Door(tmp_path / "home", ingest.read_profiles([PROFILES_FOLDER, profiles], CODE_LISTS))
    row = door.one("referrals_1.csv", "Referral Ref,Date Received\nR00001,03/05/2019\n", authority="example")
    assert row["outcome"] == "accepted"


def test_a_sample_without_its_marker_file_is_told(tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "referrals_1.csv").write_text("Ref,Received,Sector\nR1,01/05/2019,Primary\n", encoding="utf-8")
    marked = GOOD.replace("name: Testshire", "name: Testshire\nmarker: DONE")
    told = (3, "the marker file DONE is not in the sample: without it nothing of a drop is read")
    assert problems(tmp_path, marked, sample=drop) == [told]
    (drop / "DONE").touch()
    assert problems(tmp_path, marked, sample=drop) == []


@pytest.mark.parametrize("name", ["kent", "buckinghamshire"])
def test_every_member_of_a_closed_list_that_a_feed_uses_has_a_wording(name):
    # Extracts can be written by turning the code map round.
    profile = ingest.read_profile(PROFILES_FOLDER / f"{name}.yml")
    closed = read_closed_lists(CODE_LISTS)
    for source in profile.sources:
        for column in source.headings:
            list_name = read_feeds()[source.feed].columns[column].list
            if list_name in closed:
                for member in closed[list_name]:
                    assert profile.wordings(list_name, member), (source.feed, column, member)
            elif list_name:
                assert profile.codes.get(list_name), (source.feed, column)


def test_wordings_depend_on_the_day():
    import datetime as dt

    kent = ingest.read_profile(PROFILES_FOLDER / "kent.yml")
    assert kent.wordings("harm_criterion", "unsuitable", dt.date(2020, 8, 31)) == []
    assert kent.wordings("harm_criterion", "unsuitable", dt.date(2020, 9, 1)) == [
        "May not be suitable to work with children"
    ]
    assert kent.wordings("concern_category", "physical") == ["Physical Abuse", "Physical Intervention"]


def test_a_sample_shows_what_stays_unmapped_but_no_single_wordings(tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "referrals_1.csv").write_text(
        "Ref,Date Received,Sector,Colour\nR1,01/05/2019,Primary,red\nR2,02/05/2019,Infants,red\n"
        "R3,02/05/2019,infants,red\nR4,02/05/2019,Infants,red\nR5,02/05/2019,Mrs Canary,red\n",
        encoding="utf-8",
    )
    (drop / "readme.txt").write_text("hello", encoding="utf-8")
    assert problems(tmp_path, GOOD, sample=drop) == [
        (0, "readme.txt: no feed of the profile has files of this name"),
        (6, "referrals_1.csv (referrals): headings that the profile does not map: Colour"),
        (17, "referrals_1.csv (referrals): sector does not map `Infants` (2)"),
        (
            17,
            "referrals_1.csv (referrals): sector does not map 2 more wordings that occur once (not printed)",
        ),
    ]


def test_a_sample_without_heading_prints_none_of_it(tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "referrals_1.csv").write_text(
        "R1,01/05/2019,Mrs Canary\nR2,01/05/2019,Mr Canary\n", encoding="utf-8"
    )
    told = problems(tmp_path, GOOD, sample=drop)
    assert (6, "referrals_1.csv (referrals): none of its 3 headings is known") in told
    assert "Canary" not in str(told)
