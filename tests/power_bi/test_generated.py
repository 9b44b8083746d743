"""The projects are what the program writes today, and hang together as Power BI wants it.

Microsoft's engine reads the models in test_engine.py; what it does not look at stands here: DAX, names, pages.
"""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
import yaml
from pbip import AUDIENCES, PROJECTS, ROOT, definition, fields, relationships, tables, visuals

from power_bi import generate

ROLES = {"reports": "lado_reports", "marts": "lado_analyst", "casework": "lado_team"}


@pytest.mark.slow
def test_the_projects_are_what_the_program_writes(demo):
    """After a change of YAML, seeds or pages: `dbt parse --profiles-dir .`, then `python -m power_bi.generate`."""
    manifest = json.loads((demo[0].dbt / "target" / "manifest.json").read_text(encoding="utf-8"))
    wanted = generate.files(manifest)
    folders = [f for a in AUDIENCES for f in PROJECTS.glob(f"lado_{a}.*")]
    found = {
        path.relative_to(PROJECTS).as_posix(): path.read_bytes()
        for folder in folders
        for path in ([folder] if folder.is_file() else folder.rglob("*"))
        if path.is_file()
    }
    assert sorted(found) == sorted(wanted)
    assert [p for p in found if found[p] != wanted[p].encode()] == [], "run `python -m power_bi.generate`"


def test_every_measure_of_the_catalogue_has_one_folder():
    told = generate.chosen("models")["folders"]
    placed = Counter(measure for measures in told.values() for measure in measures)
    assert placed == Counter(row["measure"] for row in generate.seed("measures"))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_column_is_described_as_in_its_twin(audience):
    for name, table in tables(audience).items():
        twin = ROOT / "dbt_project" / "models" / audience / f"{name}.yml"
        assert all(table.columns.values())
        if twin.exists():
            (entry,) = yaml.safe_load(twin.read_text(encoding="utf-8"))["models"]
            told = {c["name"]: " ".join(c["description"].split()) for c in entry["columns"]}
            assert {c: table.columns[c] for c in told} == told


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_model_reads_its_own_audience_and_nothing_else(audience):
    """The right to one schema or one folder is all that a model needs, and all that it can show."""
    loaded = set()
    for name, table in tables(audience).items():
        from_server = re.findall(r'\[Schema = "(\w+)", Item = "(\w+)"\]', table.source)
        from_files = re.findall(r'File\.Contents\(Folder & "\\(\w+)\.parquet"\)', table.source)
        assert [item for _, item in from_server] == from_files
        assert {schema for schema, _ in from_server} <= {audience}
        if from_files:
            assert from_files == [name]
            assert (ROOT / "dbt_project" / "models" / audience / f"{name}.sql").exists()
            loaded.add(name)
    assert loaded
    roles = [f.stem for f in (definition(audience) / "roles").glob("*.tmdl")]
    assert roles == [ROLES[audience]]


def test_the_reports_model_adds_nothing_up():
    """Every figure is one published row: no sum, count or share of rows could be filtered down to a person."""
    for name, dax in {m: d for t in tables("reports").values() for m, d in t.measures.items()}.items():
        called = set(re.findall(r"\b([A-Z][A-Z0-9]+) \(", dax))
        allowed = {
            "CALCULATE",
            "IF",
            "ISFILTERED",
            "COUNTROWS",
            "MAX",
            "NOT",
            "ISBLANK",
            "SWITCH",
            "TRUE",
            "FORMAT",
        }
        allowed |= {"DISTINCT", "UNION", "HASONEVALUE"}
        assert called <= allowed, name
        if "COUNTROWS" in called and name != "Refresh":
            assert len(re.findall(r"COUNTROWS", dax)) == len(
                re.findall(r"COUNTROWS \( rpt_\w+ \) = 1\b", dax)
            )
    assert "discourageImplicitMeasures" in (definition("reports") / "model.tmdl").read_text(encoding="utf-8")


def test_a_symbol_takes_the_place_of_a_figure_only_where_there_is_none():
    figure = " ".join(tables("reports")["rpt_measures"].measures["Figure"].split())
    assert figure.startswith("IF ( ISBLANK ( [Amount] ), [Sign], SWITCH (")
    assert figure.endswith(' ) & IF ( NOT ISBLANK ( [Sign] ), " " & [Sign] ) )')
    assert figure.count("[Sign]") == 3


@pytest.mark.parametrize("audience", AUDIENCES)
def test_dax_names_what_exists(audience):
    model = tables(audience)
    measures = Counter(m for t in model.values() for m in t.measures)
    assert max(measures.values()) == 1
    for name, table in model.items():
        taken = {c.lower() for c in table.columns}
        assert [m for m in table.measures if m.lower() in taken] == [], (
            f"Power BI wants other names in {name}"
        )
        for measure, dax in table.measures.items():
            bare = re.sub(r'"[^"]*"', '""', dax)
            assert bare.count("(") == bare.count(")") > 0 == dax.count('"') % 2, measure
            for of, column in re.findall(r"(\w*)\[([^\]]+)\]", bare):
                assert column in (model[of].columns if of else measures), f"{measure}: {of}[{column}]"
            for of in re.findall(r"(?:COUNTROWS|ISFILTERED) \( (\w+) \)", bare):
                assert of in model


@pytest.mark.parametrize("audience", ["reports", "marts"])
def test_facts_stand_around_dimensions(audience):
    model, joins = tables(audience), relationships(audience)
    facts = {f for f, *_ in joins}
    dimensions = {t for _, _, t, _, _ in joins}
    assert facts & dimensions == set()
    for fact, column, dimension, key, _ in joins:
        assert column in model[fact].columns
        assert key in model[dimension].columns
    active = Counter((f, t) for f, _, t, _, is_active in joins if is_active)
    assert set(active.values()) == {1}
    assert set(active) == {(f, t) for f, _, t, *_ in joins}
    assert len({(f, c, t) for f, c, t, *_ in joins}) == len(joins)
    (dates,) = [name for name, table in model.items() if table.is_dates]
    assert model[dates].keys == ["date_on"]
    counted_by_day = {
        "reports": {"rpt_measures", "rpt_timeliness"},
        "marts": {"fct_contacts", "fct_referrals"},
    }
    assert {f for f, _, t, *_ in joins if t == dates} >= counted_by_day[audience]


ROLES_OF = {
    "tableEx": ({"Values"}, {"Values"}),
    "clusteredColumnChart": ({"Category", "Y"}, {"Category", "Y", "Series"}),
    "clusteredBarChart": ({"Category", "Y"}, {"Category", "Y", "Series"}),
    "slicer": ({"Values"}, {"Values"}),
    "card": ({"Values"}, {"Values"}),
    "textbox": (set(), set()),
}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_visuals_show_what_the_model_has_and_stand_on_the_page(audience):
    model = tables(audience)
    for page, told in visuals(audience):
        for kind, table, name in fields(told):
            assert name in (model[table].columns if kind == "Column" else model[table].measures), (page, name)
        visual = told["visual"]
        needed, possible = ROLES_OF[visual["visualType"]]
        # The keys that Microsoft's schema visualConfiguration 2.0.0 has for these places and no others.
        assert set(visual) <= {
            *(
                "visualType",
                "query",
                "objects",
                "visualContainerObjects",
                "syncGroup",
                "drillFilterOtherVisuals",
            )
        }
        assert set(visual.get("query", {})) <= {"queryState", "sortDefinition"}
        state = visual.get("query", {}).get("queryState", {})
        assert needed <= set(state) <= possible
        for role in state.values():
            assert set(role) == {"projections"}
            for projection in role["projections"]:
                assert (
                    {"field", "queryRef"}
                    <= set(projection)
                    <= {"field", "queryRef", "nativeQueryRef", "displayName"}
                )
            references = [p["queryRef"] for p in role["projections"]]
            assert references
            assert len(set(references)) == len(references)
        place = told["position"]
        assert 0 <= place["x"] < place["x"] + place["width"] <= 1280
        assert 0 <= place["y"] < place["y"] + place["height"] <= 720


@pytest.mark.parametrize("audience", AUDIENCES)
def test_visuals_of_a_page_do_not_cover_each_other(audience):
    by_page: dict[str, list[dict]] = {}
    for page, told in visuals(audience):
        by_page.setdefault(page, []).append(told["position"] | {"name": told["name"]})
    for page, places in by_page.items():
        for n, a in enumerate(places):
            for b in places[n + 1 :]:
                beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
                above = a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
                assert beside or above, (page, a["name"], b["name"])


@pytest.mark.parametrize("audience", AUDIENCES)
def test_pages_are_all_listed(audience):
    pages = PROJECTS / f"lado_{audience}.Report" / "definition" / "pages"
    listed = json.loads((pages / "pages.json").read_text(encoding="utf-8"))["pageOrder"]
    assert sorted(listed) == sorted(p.name for p in pages.iterdir() if p.is_dir())
    for page in pages.glob("*/page.json"):
        assert json.loads(page.read_text(encoding="utf-8"))["name"] == page.parent.name
    for visual in pages.glob("*/visuals/*/visual.json"):
        assert json.loads(visual.read_text(encoding="utf-8"))["name"] == visual.parent.name
        assert len(visual.parent.name) <= 50
    filters = [
        f["name"]
        for _, told in visuals(audience)
        for f in told.get("filterConfig", {"filters": []})["filters"]
    ]
    assert len(set(filters)) == len(filters), "Microsoft's schema wants a filter's name once in a report"


def test_no_path_of_a_project_is_too_long_for_windows():
    """Explorer and git stop at 260 characters; that leaves 140 for the folder that it is cloned to."""
    assert max(len(p.relative_to(ROOT).as_posix()) for p in PROJECTS.rglob("*") if p.is_file()) <= 120
