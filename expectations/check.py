"""Check files: one YAML file for each sentence that must be true.

Belongs here: reading `checks/<gate>/*.yml`, refusing a file that is not understood, and spelling out the checks
that are written once for many tables. Does not belong here: running a check (gate.py), its examples
(examples.py).

A check file holds

    gate        arrival | publication (also its folder)
    severity    error stops the file or the publication; warning is published with the figures
    entity      what a failing key names: file, contact, referral, allegation, measure, table ...
    since       the day from which the rule holds here
    reason      one or two plain sentences for a service manager, with the source of the rule
    tolerance   failing keys that are still acceptable: a count (`0`) or a share of what was checked (`5 %`)
    is_finding  true: every failing key becomes a row of quality.findings, to be mended at the source
    for_each    optional: what SQL with {words} in it is repeated for, the words filled in. A list of cases in the
                file itself; or `mart`, each table of schema marts as {table}; or `unique`, `not_null`,
                `relationships`, `accepted_values`, each dbt test of that kind on a mart (see dbt_tests_of_marts)
    checked     SQL: one number, how many things were looked at
    failing     SQL: authority, record_id and optionally column_name and message of each failing key; the
                message may hold counts and column names, never a value from a cell. local_wording, of an unmapped
                code, goes into quality.findings and nowhere else
    poison      errors only: how a bad night that this check stops can be made
    examples    small tables that pass, small tables that fail, and the keys that must then be found
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

CHECKS = Path(__file__).parent / "checks"
GATES = ("arrival", "publication")
SEVERITIES = ("error", "warning")
DBT_TESTS = ("unique", "not_null", "relationships", "accepted_values")

_REQUIRED = ("gate", "severity", "entity", "since", "reason", "checked", "failing", "examples")
_OPTIONAL = ("tolerance", "is_finding", "for_each", "poison")
# The C parser reads the sixty files in some 20 ms, the Python one in some 400 ms.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CheckFileError(ValueError):
    """A check file is not understood. The message names the file and the key."""


@dataclass(frozen=True)
class Check:
    """One check, as its file says. `name` is the file's name without its ending."""

    name: str
    gate: str
    severity: str
    entity: str
    since: date
    reason: str
    checked: str
    failing: str
    examples: dict = field(repr=False)
    tolerance: float = 0
    tolerance_is_percent: bool = False
    is_finding: bool = False
    for_each: str | tuple[dict, ...] | None = None
    poison: str | None = None

    @property
    def sentence(self) -> str:
        """The name as people read it."""
        words = in_words(self.name)
        return words[0].upper() + words[1:]

    @property
    def tolerance_text(self) -> str:
        return f"{self.tolerance:g} %" if self.tolerance_is_percent else f"{self.tolerance:g}"

    def measured(self, checked_count: int, failing_count: int) -> float:
        """The number that is held against the tolerance: keys, or percent of what was checked."""
        if not self.tolerance_is_percent:
            return float(failing_count)
        return 100.0 * failing_count / checked_count if checked_count else float(failing_count)


def in_words(name: str) -> str:
    """A check's name as it is read within a sentence."""
    return name.replace("_", " ").replace(" dbs ", " DBS ")


def read_check(path: Path) -> Check:
    """Read one check file. Raises CheckFileError naming the file and what is wrong with it."""
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  both loaders are safe ones
    except yaml.YAMLError as error:
        raise CheckFileError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(said, dict):
        raise CheckFileError(f"{path.name}: a check file is a list of `key: value` lines")
    if missing := [key for key in _REQUIRED if said.get(key) in (None, "")]:
        raise CheckFileError(f"{path.name}: missing {', '.join(missing)}")
    if unknown := sorted(set(said) - set(_REQUIRED) - set(_OPTIONAL)):
        raise CheckFileError(f"{path.name}: unknown key {', '.join(map(str, unknown))}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        raise CheckFileError(f"{path.name}: a check is named in lower case with underscores")
    if said["gate"] not in GATES or said["gate"] != path.parent.name:
        raise CheckFileError(f"{path.name}: gate must be {path.parent.name}, the folder it lies in")
    if said["severity"] not in SEVERITIES:
        raise CheckFileError(f"{path.name}: severity must be one of {', '.join(SEVERITIES)}")
    if not isinstance(said["since"], date):
        raise CheckFileError(f"{path.name}: since must be a date such as 2026-11-21")
    cases = said.get("for_each")
    if not isinstance(cases, list) and cases not in (None, "mart", *DBT_TESTS):
        raise CheckFileError(f"{path.name}: for_each must be a list, mart or one of {', '.join(DBT_TESTS)}")
    if said["severity"] == "error" and not said.get("poison"):
        raise CheckFileError(f"{path.name}: a check that stops must say in `poison` how it can be made to")
    number, is_percent = _tolerance(path.name, said.get("tolerance", 0))
    return Check(
        name=path.stem,
        gate=said["gate"],
        severity=said["severity"],
        entity=said["entity"],
        since=said["since"],
        reason=" ".join(said["reason"].split()),
        checked=said["checked"].strip().rstrip(";"),
        failing=said["failing"].strip().rstrip(";"),
        examples=said["examples"],
        tolerance=number,
        tolerance_is_percent=is_percent,
        is_finding=bool(said.get("is_finding", False)),
        for_each=tuple(cases) if isinstance(cases, list) else cases,
        poison=said.get("poison"),
    )


def read_checks(gate: str | None = None, folder: Path = CHECKS) -> list[Check]:
    """All checks of a gate (or of both), in the order of their names. Raises CheckFileError."""
    gates = (gate,) if gate else GATES
    return [read_check(path) for one in gates for path in sorted((folder / one).glob("*.yml"))]


def _tolerance(name: str, said) -> tuple[float, bool]:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", str(said).strip())
    if not match:
        raise CheckFileError(f"{name}: tolerance must be a count (0) or a share (5 %)")
    return float(match[1]), bool(match[2])


def dbt_tests_of_marts(manifest: Path | dict) -> list[dict]:
    """The dbt tests on marts in a manifest (manifest.json or its content): kind, table, column and options.

    Relationships carry to_table and to_column, accepted_values carry values (a SQL list). Tests with a
    condition of their own (`where`) or on more than one column stay with dbt: they are not in this list.
    """
    content = manifest if isinstance(manifest, dict) else json.loads(manifest.read_text(encoding="utf-8"))
    nodes = content["nodes"]
    found = []
    for node in nodes.values():
        said = node.get("test_metadata")
        model = nodes.get(node.get("attached_node") or "")
        if not said or said["name"] not in DBT_TESTS or not model or model["schema"] != "marts":
            continue
        if (node.get("config") or {}).get("where") or not node.get("column_name"):
            continue
        options = {**said["kwargs"], **(said["kwargs"].get("arguments") or {})}
        test = {"kind": said["name"], "table": _relation(model), "column": node["column_name"]}
        if said["name"] == "relationships":
            parents = [
                nodes[one]
                for one in node["depends_on"]["nodes"]
                if one in nodes and one != node["attached_node"]
            ]
            parent = parents[0] if parents else model
            test |= {"to_table": _relation(parent), "to_column": options["field"]}
        if said["name"] == "accepted_values":
            test |= {
                "values": ", ".join("'" + str(one).replace("'", "''") + "'" for one in options["values"])
            }
        found.append(test)
    return sorted(found, key=lambda test: (test["table"], test["column"], test["kind"]))


def _relation(node: dict) -> str:
    return f"{node['schema']}.{node.get('alias') or node['name']}"


def spell_out(check: Check, marts: list[str], tests: list[dict]) -> tuple[str, str]:
    """The check's (checked, failing) SQL with `for_each` written out; unchanged when it has none.

    Raises CheckFileError when there is nothing to repeat it for: a gate that looks at nothing must not pass.
    """
    if not check.for_each:
        return check.checked, check.failing
    if isinstance(check.for_each, tuple):
        cases = check.for_each
    elif check.for_each == "mart":
        cases = [{"table": table} for table in marts]
    else:
        cases = [test for test in tests if test["kind"] == check.for_each]
        if check.for_each == "not_null":
            cases = _one_scan_a_table(cases)
    if not cases:
        raise CheckFileError(f"{check.name}: no {check.for_each} to look at")
    return _repeat_count(check.checked, cases), _repeat_failing(check.failing, cases)


def _one_scan_a_table(tests: list[dict]) -> list[dict]:
    """not_null is tested on most columns, so one case a table: a flag for each column, and their number."""
    columns: dict[str, list[str]] = {}
    for test in tests:
        columns.setdefault(test["table"], []).append(test["column"])
    return [
        {
            "table": table,
            "missing": ", ".join(f"bool_or({one} is null) as {one}" for one in names),
            "column_count": len(names),
        }
        for table, names in columns.items()
    ]


def _repeat_count(sql: str, cases) -> str:
    if "{" not in sql:
        return sql
    counts = "\nunion all\n".join(_fill(sql, case) for case in cases)
    return f"select sum(counted)::bigint from ({counts}) as each_case(counted)"


def _repeat_failing(sql: str, cases) -> str:
    if "{" not in sql:
        return sql
    return "\nunion all by name\n".join(f"select * from ({_fill(sql, case)})" for case in cases)


def _fill(sql: str, case: dict) -> str:
    for key, value in case.items():
        sql = sql.replace("{" + key + "}", str(value))
    return sql
