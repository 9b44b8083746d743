"""Every query of docs/questions.md runs over the demo's published files and answers something."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "questions.md"
MODELS = ROOT / "dbt_project" / "models"
# A heading, prose without a fence, then the query, which names its audience.
QUESTIONS = re.findall(
    r"^##+ ([^\n]+)\n(?:(?!^#|```)[^\n]*\n)*```sql\n-- (\w+)\n(.*?)```",
    DOCUMENT.read_text(encoding="utf-8"),
    re.S | re.M,
)

# Nothing is restated by a first publication.
MAY_BE_EMPTY = {"Which figures were restated since the last publication?"}


def test_no_query_is_passed_over():
    assert len(QUESTIONS) == DOCUMENT.read_text(encoding="utf-8").count("```sql") >= 10


@pytest.mark.slow
@pytest.mark.parametrize(("question", "audience", "sql"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_the_query_answers(demo, question, audience, sql):
    """A row, and where numbers are asked for a number: figures that are hidden throughout are no answer."""
    release = Path(os.path.realpath(demo[0].published / "current"))
    with duckdb.connect(str(release / audience / f"lado_{audience}.duckdb"), read_only=True) as con:
        answer = con.execute(sql)
        numbers = [place for place, column in enumerate(answer.description) if column[1] == duckdb.NUMBER]
        rows = answer.fetchall()
    if question in MAY_BE_EMPTY:
        return
    assert rows
    assert not numbers or any(row[place] is not None for row in rows for place in numbers)


def exposed(name: str) -> set[str]:
    """The models that an exposure says it stands on."""
    told = yaml.safe_load((MODELS / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    (entry,) = [e for e in told if e["name"] == name]
    return {re.fullmatch(r"ref\('(\w+)'\)", dep)[1] for dep in entry["depends_on"]}


def test_the_lineage_ends_in_the_tables_that_the_queries_read():
    models = {f.stem for f in MODELS.rglob("*.sql")}
    read = {name for _, _, sql in QUESTIONS for name in re.findall(r"\b(?:from|join)\s+(\w+)", sql)}
    assert exposed("questions") == read & models
