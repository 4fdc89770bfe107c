"""Business rules of stg_twitch_users."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="no account is seen before it was made",
        fails="account_created_at > timestampadd(minute, 5, snapshot_at)",
        severity=WARNING,
        reason="a wrong snapshot time, or a created_at that Twitch changed",
        shows=("account_created_at",),
    ),
    Rule(
        name="the login is the name without capitals",
        fails="regexp_like(streamer_name, '[A-Za-z0-9_]+') and lower(streamer_name) <> streamer_login",
        severity=WARNING,
        reason="Twitch lets a name differ from its login only by capitals, or where it is in another script",
        shows=("streamer_login", "streamer_name"),
    ),
)
