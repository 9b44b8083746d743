"""The refresh log, and the webhook that hears of a failure or a hold.

Belongs here: how an operator is told. Does not belong here: deciding what is worth telling.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import urllib.error
import urllib.request

from orchestration import resources


def write_log(home: resources.Home, outcome: str, message: str) -> None:
    """Append one line to the refresh log: UTC moment, outcome, message (line ends escaped).

    A log that cannot be written (a full disk, say) changes nothing: the exit code and the webhook still tell.
    """
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = message.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
    with contextlib.suppress(OSError):
        home.log.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with home.log.open("a", encoding="utf-8") as log:
            log.write(f"{now} {outcome} {line}\n")


def tell(home: resources.Home, outcome: str, message: str, *, run: str = "") -> None:
    """Log the outcome and post it to LADO_ALERT_WEBHOOK when one is set.

    The message is already free of data values (stations.in_plain_words). A webhook that does not answer
    is itself logged and changes nothing: the alert must not break what it reports.
    """
    write_log(home, outcome, message)
    address = resources.alert_webhook()
    if not address:
        return
    if not address.startswith(("https://", "http://")):
        write_log(home, "alert_failed", "LADO_ALERT_WEBHOOK is not an http(s) address")
        return
    body = json.dumps({"text": f"LADO refresh {outcome}: {message}", "outcome": outcome, "run": run})
    request = urllib.request.Request(  # noqa: S310  the scheme was checked above
        address, data=body.encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  likewise
    except (urllib.error.URLError, OSError, ValueError) as error:
        write_log(home, "alert_failed", f"the webhook did not take the alert ({type(error).__name__})")
