"""Business rules of stg_twitch_users."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "no account is seen before it was made",
        "account_created_at > timestampadd(minute, 5, snapshot_at)",
        "a wrong snapshot time, or a created_at that Twitch changed",
        "account_created_at",
    ),
    warning(
        "the login is the name without capitals",
        "regexp_like(streamer_name, '[A-Za-z0-9_]+') and lower(streamer_name) <> streamer_login",
        "Twitch lets a name differ from its login only by capitals, or where it is in another script",
        *("streamer_login", "streamer_name"),
    ),
)
