"""The asset graph, in the order of the corridor: extracts, models, pairs, disclosure, verdict, reports, publication.

Belongs here: which station runs after which, and what each one tells about its run (counts and seconds).
Does not belong here: what a station does; the environment; when anything runs.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations themselves.

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from pydantic import Field

from orchestration import audit_log, dbt, history, mirror, resources
from orchestration.stations import HeldByGate, StationFailed, station

RAW = dg.AssetKey(["raw", "extracts"])
PAIRS = dg.AssetKey(["matching", "scored_pairs"])
DISCLOSED = dg.AssetKey(["measures", "published_measures"])
VERDICT = dg.AssetKey(["quality", "verdicts"])
PREVIOUS = dg.AssetKey(["quality", "previous_measures"])
PUBLISHED = dg.AssetKey(["published", "current"])
POSTGRES = dg.AssetKey(["published", "postgres"])
LANDING = dg.AssetKey(["landing"])
OWNERS = ["team:lado-data"]

# The folder of a model decides its group; the numbers put the groups in the order of the corridor.
GROUPS = {
    "seeds": "g2_staging",
    "staging": "g2_staging",
    "matching": "g3_matching",
    "measures": "g4_marts",
    "marts": "g4_marts",
    "reports": "g6_reports",
    "casework": "g6_reports",
}
# By name and not by path: dbt looks for paths from the folder in which the command was started.
AFTER_THE_GATE = "fqn:lado_warehouse.reports fqn:lado_warehouse.casework"


class Corridor(DagsterDbtTranslator):
    """Names of the graph: a model's asset is called schema/table; sources belong to the station that fills them."""

    def __init__(self) -> None:
        super().__init__(
            # The gate judges keys, relationships and values in one pass; `make test` runs dbt's own tests.
            DagsterDbtTranslatorSettings(enable_asset_checks=False, enable_duplicate_source_asset_keys=True)
        )

    def get_asset_key(self, dbt_resource_props: dict[str, Any]) -> dg.AssetKey:
        props = dbt_resource_props
        if props["resource_type"] != "source":
            return dg.AssetKey([props["schema"], props["name"]])
        if props["schema"] == "raw":
            return RAW
        if props["schema"] == "matching":
            return PAIRS
        if props["schema"] == "measures":
            return DISCLOSED
        return PREVIOUS if props["name"] == "previous_measures" else VERDICT

    def get_group_name(self, dbt_resource_props: dict[str, Any]) -> str | None:
        return next((GROUPS[part] for part in dbt_resource_props["fqn"][1:] if part in GROUPS), "g2_staging")

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = manifest["nodes"].get(unique_id)
        if props is None:
            return spec
        # Dagster cuts a dbt step wherever the dependencies allow it. Two that dbt does not know of keep the cuts
        # where they belong: nothing is built before the extracts are in, no report before the verdict.
        after = VERDICT if props["schema"] in {"reports", "casework"} else RAW
        if after in {dep.asset_key for dep in spec.deps}:
            return spec
        return spec.replace_attributes(deps=[*spec.deps, dg.AssetDep(after)])

    def get_owners(self, dbt_resource_props: dict[str, Any]) -> list[str]:
        return OWNERS


class RefreshConfig(dg.Config):
    """What an operator may say of one refresh; the defaults are the night's.

    as_at: ISO day, no extract later than this is used; settle_seconds: how long files must have been
    still; accept: AUTHORITY/FEED whose vanished keys are accepted this once.
    """

    as_at: str | None = None
    settle_seconds: float = 60.0
    accept: list[str] = Field(default_factory=list)


class VerdictConfig(dg.Config):
    """accept: AUTHORITY/FEED whose vanished records the operator accepts this once, at this gate too."""

    accept: list[str] = Field(default_factory=list)


@dg.resource(description="Holds the lock of the home for the whole run: one refresh at a time.")
def home_lock(context: dg.InitResourceContext) -> Iterator[resources.Home]:
    home = resources.home_from_environment().prepare()
    with resources.one_refresh_at_a_time(home):
        try:
            yield home
        finally:
            resources.let_warehouse_go()
            _end_of_run(home, context.run.run_id if context.run else "")


def _end_of_run(home: resources.Home, run_id: str) -> None:
    """Whoever started the run, its record has an end, in the warehouse and in the audit log."""
    words = "stopped before the warehouse knew of it: see the Dagster run"
    try:
        if home.warehouse.exists():
            with resources.warehouse(home) as con:
                now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                history.close(con, run_id, "failed: see the Dagster run", now)
                audit_log.record_refreshes(con, home)
                if history.is_known(con, run_id):
                    return
    except duckdb.Error:
        words = "the warehouse cannot be read: see the Dagster run"
    audit_log.append(home, "refresh", "failed", dagster_run_id=run_id, message=words)


def build(home: resources.Home) -> list[Any]:
    """All assets over this home's manifest (parses the dbt project)."""
    manifest = dbt.manifest_as_dict(home)
    translator = Corridor()

    landing = dg.AssetSpec(
        LANDING,
        group_name="g1_ingest",
        owners=OWNERS,
        description="The folders `landing/<authority>/<YYYY-MM-DD>/` as the recording systems sent them.",
    )
    previous = dg.AssetSpec(
        PREVIOUS,
        group_name="g4_marts",
        owners=OWNERS,
        description="The measures of the last publication, kept so that a restatement is visible.",
    )

    @dg.asset(
        key=RAW,
        deps=[landing],
        group_name="g1_ingest",
        owners=OWNERS,
        output_required=False,
        required_resource_keys={"home"},
        check_specs=[
            dg.AssetCheckSpec(
                "arrival_gate", asset=RAW, description="Each file was judged before it was accepted."
            )
        ],
        description="Every accepted row of every extract, as text, every version kept; the load log; the quarantine. "
        "A refused file stops itself and only itself. Yields nothing when there is nothing new.",
    )
    def extracts(context: dg.AssetExecutionContext, config: RefreshConfig) -> Iterator[Any]:
        from orchestration import arrival

        home = context.resources.home
        with station("ingest"):
            told = arrival.take_in(
                home,
                dt.date.fromisoformat(config.as_at) if config.as_at else None,
                config.settle_seconds,
                config.accept,
                context.run.run_id,
            )
        context.log.info(told.summary())
        yield dg.AssetCheckResult(
            check_name="arrival_gate",
            asset_key=RAW,
            passed=told.refused == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"files": told.files, "refused": told.refused, "rows_read": told.rows_read},
        )
        if told.is_new:
            resources.keep_warehouse_open(home)
            yield dg.Output(None, metadata=told.metadata())
        else:  # nothing downstream runs, and a server that was down last night must catch up all the same
            with station("postgres"):
                followed = mirror.follow(home)
            if followed and followed["rows"]:
                context.log_event(dg.AssetMaterialization(POSTGRES, metadata=_followed(followed)))

    def run_models(context: dg.AssetExecutionContext, name: str) -> Iterator[dg.MaterializeResult]:
        home = context.resources.home
        by_key = {}
        for unique_id, props in manifest["nodes"].items():
            if props["resource_type"] in {"model", "seed"}:
                key = translator.get_asset_key(props)
                if key in context.selected_asset_keys:
                    by_key[unique_id] = key
        with station(name):
            with resources.warehouse(home) as con:
                loaded = dbt.seeds_in_place(con, by_key)
            runs = {run.unique_id: run.seconds for run in dbt.run(home, by_key.keys() - loaded)}
            with resources.warehouse(home) as con:
                dbt.mark_seeds(con, runs)
                rows = dict(
                    con.execute(
                        "select schema_name || '.' || table_name, estimated_size from duckdb_tables()"
                    ).fetchall()
                )
        # A seed that stands as it is counts as made: what comes after it needs it. The others in dbt's order.
        for unique_id, seconds in (dict.fromkeys(sorted(loaded), 0.0) | runs).items():
            key = by_key[unique_id]
            metadata: dict[str, Any] = {"seconds": seconds}
            if (count := rows.get(".".join(key.path))) is not None:
                metadata["dagster/row_count"] = count
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)

    @dbt_assets(
        manifest=manifest,
        exclude=AFTER_THE_GATE,
        name="models",
        dagster_dbt_translator=translator,
        required_resource_keys={"home"},
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from run_models(context, "models")

    @dg.asset(
        key=PAIRS,
        deps=[["matching", f"int_matching_{side}"] for side in ("contacts", "referrals", "decisions")],
        group_name="g3_matching",
        owners=OWNERS,
        required_resource_keys={"home"},
        description="How likely each candidate pair of contact and referral is one matter; grain: the pair. "
        "Names are compared before this table and end there.",
    )
    def scored_pairs(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import matching

        with station("matching"), resources.warehouse(context.resources.home) as con:
            told = matching.score_pairs(con)
        return dg.MaterializeResult(metadata=told)

    marts = [
        translator.get_asset_key(props)
        for props in manifest["nodes"].values()
        if props["resource_type"] == "model" and props["schema"] == "marts"
    ]

    @dg.asset(
        key=VERDICT,
        deps=[*marts, DISCLOSED],
        group_name="g5_publication_gate",
        owners=OWNERS,
        required_resource_keys={"home"},
        check_specs=[
            dg.AssetCheckSpec(
                "publication_gate",
                asset=VERDICT,
                blocking=True,
                description="Every sentence in expectations/checks/publication holds for these very marts; "
                "among them what dbt's YAML declares of keys, references and members.",
            )
        ],
        description="Results of every check, the findings to mend, and whether these marts may be published.",
    )
    def verdict(context: dg.AssetExecutionContext, config: VerdictConfig) -> Iterator[Any]:
        from orchestration import judgement

        with station("gate"):
            judged = judgement.judge(context.resources.home, config.accept)
        yield dg.Output(None, metadata=judged.metadata())
        yield dg.AssetCheckResult(
            check_name="publication_gate",
            asset_key=VERDICT,
            passed=judged.passed,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata=judged.metadata(),
        )
        if not judged.passed:
            raise HeldByGate("publication held by: " + "; ".join(judged.stopping))

    @dbt_assets(
        manifest=manifest,
        select=AFTER_THE_GATE,
        name="report_models",
        dagster_dbt_translator=translator,
        required_resource_keys={"home"},
    )
    def report_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from run_models(context, "reports")

    @dg.asset(
        key=PUBLISHED,
        deps=[*report_models.keys, VERDICT],
        group_name="g7_publish",
        owners=OWNERS,
        required_resource_keys={"home"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(hours=36)),
        description="One complete refresh as Parquet and read-only DuckDB files for three audiences, swapped whole. "
        "Reads the verdict again for these very marts.",
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from orchestration import release

        with station("publish"):
            told = release.publish(context.resources.home)
        return dg.MaterializeResult(metadata=told)

    return [
        landing,
        previous,
        extracts,
        models,
        scored_pairs,
        disclosure_asset(marts),
        verdict,
        report_models,
        published,
        postgres_asset(),
    ]


def disclosure_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """What everybody may see of the measures; decided before the gate, which attacks it."""

    @dg.asset(
        key=DISCLOSED,
        deps=marts,
        group_name="g4_marts",
        owners=OWNERS,
        required_resource_keys={"home"},
        description="What of the measures everybody may see: small counts hidden, and what would give them away.",
    )
    def published_measures(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from publish import disclosure

        with station("disclosure"), resources.warehouse(context.resources.home) as con:
            told = disclosure.control(con)
        return dg.MaterializeResult(metadata=told)

    return published_measures


def postgres_asset() -> dg.AssetsDefinition | dg.AssetSpec:
    """The server's copy of the release; without a DSN a node that runs nothing, as a step costs a tenth of a second."""
    words = (
        "The same release in PostgreSQL: schemas reports, marts and casework, swapped in one transaction, each "
        "readable by its own roles."
    )
    place = {"key": POSTGRES, "deps": [PUBLISHED], "group_name": "g7_publish", "owners": OWNERS}
    if resources.postgres_dsn() is None:
        return dg.AssetSpec(**place, description=f"Off: LADO_POSTGRES_DSN is not set. {words}")
    check = dg.AssetCheckSpec(
        "the_server_shows_the_release",
        asset=POSTGRES,
        description="Otherwise it shows an older one, whole, and the next refresh tries again.",
    )

    @dg.asset(
        **place,
        description=words,
        output_required=False,
        required_resource_keys={"home"},
        check_specs=[check],
    )
    def postgres(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with station("postgres"):
            told = mirror.follow(context.resources.home)
        is_shown = told is not None and told["outcome"] == "shown"
        if is_shown:
            yield dg.Output(None, metadata=_followed(told))
        yield dg.AssetCheckResult(
            check_name="the_server_shows_the_release",
            asset_key=POSTGRES,
            passed=is_shown,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"message": (told or {}).get("message") or ""},
        )

    return postgres


def _followed(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"refresh_id": told["refresh_id"], "dagster/row_count": told["rows"]}


__all__ = ["AFTER_THE_GATE", "RefreshConfig", "StationFailed", "build", "home_lock"]
