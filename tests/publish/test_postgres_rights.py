"""Who may do what on the server, role by object by action, is what docs/postgres.md says and stays so."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("the packaged PostgreSQL server is for POSIX systems", allow_module_level=True)

import psycopg
import stand_in
from served import AUDIENCES, refresh_ids, show
from stand_in import publish, refresh

from publish import postgres

ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
MAY_READ = {  # as docs/postgres.md says
    "lado_reports": {"reports"},
    "lado_analyst": {"reports", "marts"},
    "lado_team": {"reports", "casework"},
    "a_stranger": set(),
}


def test_after_three_refreshes_each_role_may_read_its_schemas_and_nothing_else(
    server, database, warehouse, home
):
    with psycopg.connect(server.dsn(database), autocommit=True) as con:
        con.execute("drop role if exists a_stranger")
        con.execute("create role a_stranger login")
        # What a database may give away by default, and must not here.
        con.execute("alter default privileges grant select on tables to public")
        con.execute("alter default privileges grant all on tables to a_stranger")
        con.execute("alter default privileges grant usage, create on schemas to a_stranger")
    for n in (1, 2, 3):
        refresh(warehouse, f"r{n}", value=float(n))
        publish(warehouse, home, f"r{n}", minute=n)
        show(server, database, warehouse, home)
    with psycopg.connect(server.dsn(database)) as con:
        tables = con.execute(
            "select n.nspname, c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = relnamespace "
            "where n.nspname = any(%s) and relkind = 'r'",
            [list(AUDIENCES)],
        ).fetchall()
        assert len(tables) == 9
        for role, readable in MAY_READ.items():
            for schema in AUDIENCES:
                may = {
                    right
                    for right in ("USAGE", "CREATE")
                    if con.execute(
                        "select has_schema_privilege(%s, %s, %s)", [role, schema, right]
                    ).fetchone()[0]
                }
                assert may == ({"USAGE"} if schema in readable else set()), (role, schema)
            for schema, table in tables:
                may = {
                    action
                    for action in ACTIONS
                    if con.execute(
                        "select has_table_privilege(%s, %s, %s)", [role, table, action]
                    ).fetchone()[0]
                }
                assert may == ({"SELECT"} if schema in readable else set()), (role, table)
        # Nobody is named in any list of rights but the owner and the three roles; PUBLIC would have no name.
        named = con.execute(
            """
            select distinct rolname from (
                select (aclexplode(relacl)).grantee from pg_class
                where relnamespace = any(array['reports', 'marts', 'casework']::regnamespace[])
                union all
                select (aclexplode(nspacl)).grantee from pg_namespace
                where nspname in ('reports', 'marts', 'casework')
                union all
                select (aclexplode(datacl)).grantee from pg_database where datname = current_database()
            ) as rights left join pg_roles on pg_roles.oid = grantee
            """
        ).fetchall()
        assert {name for (name,) in named} == {"postgres", "lado_reports", "lado_analyst", "lado_team"}
    with psycopg.connect(server.dsn(database), autocommit=True) as con:
        con.execute("drop owned by a_stranger; drop role a_stranger")


def test_a_role_reads_and_cannot_write(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    with psycopg.connect(server.dsn(database), autocommit=True) as con:
        con.execute("set role lado_analyst")
        assert con.execute("select count(*) from marts.fct_referrals").fetchone() == (50,)
        for statement in (
            "select * from casework.open_cases",
            "delete from marts.fct_referrals",
            "create table marts.mine (n int)",
            "create temporary table mine (n int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                con.execute(statement)


def test_an_account_without_superuser_is_enough(server, database, warehouse, home):
    """The account of docs/postgres.md: owns the database, may not create roles."""
    publish(warehouse, home, "r1")
    with psycopg.connect(server.dsn(database), autocommit=True) as con:
        con.execute("drop role if exists loader")
        con.execute("create role loader login")
        con.execute(f"alter database {database} owner to loader")
        for role in MAY_READ.keys() - {"a_stranger"}:
            con.execute(f"do $$ begin create role {role}; exception when duplicate_object then null; end $$")
    dsn = server.dsn(database, "loader")
    assert postgres.show_current(home, dsn, stand_in.manifest_of(warehouse))["rows"] == 79
    assert refresh_ids(server, database) == {"r1"}
    with psycopg.connect(server.dsn(database), autocommit=True) as con:
        con.execute(
            f"alter database {database} owner to postgres; drop owned by loader cascade; drop role loader"
        )
