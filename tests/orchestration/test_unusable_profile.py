"""A profile that cannot be used stops its own authority, and no other; the refresh says so."""

from __future__ import annotations

from pathlib import Path

import small_home

from ingest.profile import PROFILES_FOLDER
from orchestration import arrival, resources
from orchestration.resources import Home


def rows(home: Home, sql: str) -> list[tuple]:
    with resources.warehouse(home) as con:
        return con.execute(sql).fetchall()


def test_an_unusable_profile_stops_its_own_authority(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    home = Home(small_home.make(tmp_path / "home", 0).root, profiles).prepare()
    arrival.take_in(home, None, 0, [], "first")
    of_kent = (
        "select outcome, * exclude (refresh_id, logged_at, outcome) from raw.load_log"
        " where authority = 'kent' order by all"
    )
    mapped = "select * from raw.code_map where authority = 'kent' order by all"
    before = rows(home, of_kent), rows(home, mapped)
    assert before[1]

    text = (PROFILES_FOLDER / "kent.yml").read_text(encoding="utf-8")
    (profiles / "kent.yml").write_text(text.replace("name:", "nmae:", 1), encoding="utf-8")
    small_home.write_night(home, 1)
    drop = home.landing / "buckinghamshire" / "2020-03-31"
    drop.mkdir(parents=True)
    (drop / "LCS_ALLEG_CASE_1.csv").write_text(
        "CASE_NO|REFERRAL_DATE\n1000001|03-May-2019\n", encoding="utf-8"
    )
    arrival.take_in(home, None, 0, [], "second")

    assert {row[0] for row in rows(home, of_kent) if row not in before[0]} == {"waiting"}
    assert rows(home, mapped) == before[1], "what the last usable profile said of wordings stands"
    assert rows(home, "select count(*) from raw.referrals where _authority = 'buckinghamshire'") == [(1,)]
    ((remark,),) = rows(home, "select remark from quality.refreshes where dagster_run_id = 'second'")
    assert remark.startswith(
        "nothing of kent was read, its last good load stands: the profile kent.yml cannot be used"
    )
    assert "`name` is missing" in remark
    assert "profile_unusable nothing of kent" in home.log.read_text(encoding="utf-8")

    (profiles / "kent.yml").unlink()
    arrival.take_in(home, None, 0, [], "third")
    waiting = rows(
        home, "select count(*) from raw.load_log where outcome = 'accepted' and extract_on = '2020-03-31'"
    )
    assert waiting[0][0] > 1
    assert rows(home, "select remark from quality.refreshes where dagster_run_id = 'third'") == [(None,)]
