"""Random worlds: a readable profile, messy but legal records, the same bytes for the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.feeds import read_feeds
from ingest.profile import read_profile
from synthetic.world import make_world

PROJECT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        make_world(seed, tmp_path / name)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert not contents(tmp_path / "a").keys() & contents(tmp_path / "c").keys()


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_world_is_a_profile_and_its_drops(seed, tmp_path):
    path = make_world(seed, tmp_path)
    assert path == tmp_path / "profiles" / f"world{seed}.yml"
    profile = read_profile(path, PROJECT / "dbt_project" / "seeds" / "code_lists.csv")
    assert {s.feed for s in profile.sources} | set(profile.missing_feeds) == set(read_feeds())
    drops = sorted((tmp_path / "landing" / profile.authority).iterdir())
    assert 1 <= len(drops) <= 3
    for drop in drops:
        for file in drop.iterdir():
            assert profile.sources_of(file.name), file.name


def test_worlds_differ_and_between_them_hold_every_kind_of_mess(tmp_path):
    profiles, everything = [], ""
    for seed in range(1, 13):
        profiles.append(read_profile(make_world(seed, tmp_path)))
    for name, content in contents(tmp_path / "landing").items():
        if name.endswith(".csv"):
            encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
            everything += content.decode(encoding)
    assert len({tuple(s.feed for s in p.sources) for p in profiles}) > 6
    assert {s.format for p in profiles for s in p.sources} == {"csv", "xlsx"}
    assert any(s.rows_when for p in profiles for s in p.sources)
    assert any(s.source_system == "system_b" for p in profiles for s in p.sources)
    for mess in ("Quite another", "not known", "W99999", "R99999"):
        assert mess in everything
