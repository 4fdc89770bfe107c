"""Rules of the ledger of alerts: each is sent once, nothing is sent without a trace, a recovery follows its alert."""

from __future__ import annotations

from expectations.engine.run import Subject
from expectations.rules.rule import critical, quote_literal, warning
from transforms.ops import ALERTS

ALERT_RULES = (
    critical(
        "an alert is sent once",
        "sent_rows > 1",
        "two attempts were both taken: people were told twice of one spike",
        "sent_rows",
    ),
    critical(
        "an alert is claimed before it is sent",
        "verdict_rows > pending_rows",
        "a message left without a pending row: had the process died then, the next run would have repeated it",
        *("verdict_rows", "pending_rows"),
    ),
    critical(
        "a recovery follows an alert that was delivered",
        "kind = 'recovery' and told_rows = 0",
        "people are told of the end of something that they never heard of",
        "told_rows",
    ),
    warning(
        "an alert that was not sent has a reason",
        "unexplained_rows > 0",
        "nobody can mend what fails without a word",
        "unexplained_rows",
    ),
)


def make_alert_subject(run_id: str) -> Subject:
    """Return what to check of the alerts that a run wrote rows of."""
    return Subject(ALERTS, _select_alerts(run_id), "batch", ALERT_RULES, ("spike_key", "kind"), name="alerts")


def _select_alerts(run_id: str) -> str:
    """Return the alerts that the run wrote rows of, with the rows that they have."""
    return (
        "select a.spike_key, a.kind, count_if(a.state = 'sent') as sent_rows, "
        "count_if(a.state = 'pending') as pending_rows, count_if(a.state in ('sent', 'rejected')) as verdict_rows, "
        "count_if(a.state in ('released', 'rejected', 'dropped') and a.reason is null) as unexplained_rows, "
        "max(coalesce(t.told, 0)) as told_rows "
        "from {alerts} a left join (select spike_key, count(*) as told from {alerts} "
        "where kind = 'spike' and state = 'sent' group by spike_key) t on t.spike_key = a.spike_key "
        f"where a.spike_key in (select spike_key from {{alerts}} where run_id = {quote_literal(run_id)}) "
        "group by a.spike_key, a.kind"
    )
