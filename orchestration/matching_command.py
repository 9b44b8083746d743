"""The `lado matching` commands: their words, options and exit codes.

Belongs here: fitting anew when somebody asks, and the record of it. Does not belong here: how parameters are learnt
(matching/), publishing what follows from them (the next refresh).
"""

from __future__ import annotations

import json

import click

from orchestration import audit_log, resources
from orchestration.options import home_option, json_option, told_plainly


@click.group(name="matching")
def matching_group() -> None:
    """Which contact became which referral: what has been learnt of each authority."""


@matching_group.command()
@click.argument("authority")
@home_option
@json_option
def refit(authority: str, home: str | None, as_json: bool) -> None:
    """Learn one authority's matching anew from the records and decisions in the warehouse.

    Earlier parameters are kept under their number. The next refresh uses the new ones and publishes.
    """
    import matching

    with told_plainly(as_json):
        place = resources.home_from_environment(home).prepare()
        resources.must_have_refreshed(place)
        with resources.one_refresh_at_a_time(place), resources.warehouse(place) as con:
            known = matching.latest_fits(con)
            if authority not in known:
                raise click.BadParameter(
                    f"nothing has been learnt of {authority} yet; known are: {', '.join(sorted(known)) or 'none'}"
                )
            untaught = matching.score_pairs(con, refit=[authority])["untaught"].split(", ")
            version = matching.latest_fits(con)[authority]
            audit_log.append(
                place, "matching", "refitted", con, authority=authority, parameter_version=version
            )
    if as_json:
        click.echo(json.dumps({"authority": authority, "parameter_version": version}))
    else:
        little = "its records teach too little, and what is believed of all authorities stays: "
        click.echo(
            f"{authority}: {little if authority in untaught else ''}version {version} of the parameters is kept; "
            "`lado refresh` publishes with it"
        )
