"""Columns that several tables share: one name, one type and one meaning everywhere."""

from transforms.contract import BOOLEAN, DATE, FLOAT, INTEGER, TEXT, TIMESTAMP, Column, money
from transforms.formulas import billing_periods

TWITCH = "twitch"  # the id space of Helix ids
BILLING = "billing"  # the id space of the billing files' ids
LIVELOGS = "livelogs"  # the id space of the live logs' UUIDs
AMPLITUDE = "amplitude"  # the id space of the user ids that apps send to Amplitude
AMPLITUDE_DEVICE = "amplitude_device"  # that of its device ids
_MOST_MONEY = 1e12  # sums of ten thousand such amounts are still exact

platform = Column("platform", TEXT, "id space that the source's ids live in, e.g. twitch", nullable=False)
streamer_key = Column("streamer_key", TEXT, "hash of (platform, streamer_id)", nullable=False)
streamer_id = Column("streamer_id", TEXT, "the streamer's id as the source gave it", nullable=False)
streamer_login = Column("streamer_login", TEXT, "the streamer's login: lower case, part of the channel's address")
streamer_name = Column("streamer_name", TEXT, "the streamer's name as shown")
broadcaster_type = Column(
    "broadcaster_type", TEXT, "partner, affiliate, or '' for other users", accepted=("partner", "affiliate", "")
)
description = Column("description", TEXT, "the streamer's own words about the channel")
profile_image_url = Column("profile_image_url", TEXT, "address of the streamer's picture")
stream_id = Column("stream_id", TEXT, "one broadcast; a restart is a new id", nullable=False)
game_id = Column("game_id", TEXT, "the category's id; '' is no category", nullable=False)
game_name = Column("game_name", TEXT, "the category's name")
box_art_url = Column("box_art_url", TEXT, "template of the address of the category's picture")
igdb_id = Column("igdb_id", TEXT, "the category's id at IGDB")
snapshot_at = Column("snapshot_at", TIMESTAMP, "when the source was observed, UTC", nullable=False)
filled_fields = Column(
    "filled_fields",
    INTEGER,
    "declared fields of the record that are not empty: of two records of one time the fuller one counts",
    nullable=False,
    minimum=0,
)
first_seen_at = Column("first_seen_at", TIMESTAMP, "first snapshot with it, UTC", nullable=False)
last_seen_at = Column("last_seen_at", TIMESTAMP, "newest snapshot with it, UTC", nullable=False)
started_at = Column("started_at", TIMESTAMP, "when the broadcast began, UTC")
title = Column("title", TEXT, "the broadcast's title as shown at that time")
language = Column("language", TEXT, "ISO 639-1 code of the broadcast, or other")
is_narrowed = Column(
    "is_narrowed", BOOLEAN, "whether only some of the category's streams were asked for: languages or logins of it"
)
viewer_count = Column("viewer_count", INTEGER, "viewers at the snapshot", nullable=False, minimum=0)
date_day = Column("date_day", DATE, "UTC calendar day", nullable=False)
viewer_ms = Column("viewer_ms", INTEGER, "sum of viewers x milliseconds", nullable=False, minimum=0)
covered_ms = Column("covered_ms", INTEGER, "milliseconds covered by samples", nullable=False, minimum=0)
hours_watched = Column("hours_watched", FLOAT, "viewer-hours: sum of viewers x time", nullable=False, minimum=0)
avg_viewers = Column(
    "avg_viewers", FLOAT, "time-weighted viewers: hours_watched / hours covered; NULL where none is", minimum=0
)
peak_viewers = Column("peak_viewers", INTEGER, "highest sample", nullable=False, minimum=0)
airtime_minutes = Column("airtime_minutes", FLOAT, "minutes covered by samples", nullable=False, minimum=0)
streams_started = Column("streams_started", INTEGER, "broadcasts that began on the day", nullable=False, minimum=0)
user_key = Column("user_key", TEXT, "hash of (platform, user_id)", nullable=False)
user_id = Column("user_id", TEXT, "the user's id as the source gave it; '' where it names nobody", nullable=False)
country = Column("country", TEXT, "the user's country, lower case")
plan_type = Column("plan_type", TEXT, "the user's plan, lower case", accepted=("basic", "standard", "premium"))
signup_date = Column("signup_date", DATE, "day on which the user signed up")
updated_at = Column("updated_at", TIMESTAMP, "when the source last changed the record, UTC")
subscription_id = Column("subscription_id", TEXT, "one subscription of one user", nullable=False)
start_date = Column("start_date", DATE, "first day of the subscription", nullable=False)
end_date = Column("end_date", DATE, "last day of the subscription; NULL while it is open-ended")
monthly_price = Column(
    "monthly_price", money(), "price of one billing period", nullable=False, minimum=0, maximum=_MOST_MONEY
)
billing_period = Column(
    "billing_period", TEXT, "what a price pays for; NULL is monthly", accepted=billing_periods.KNOWN
)
payment_id = Column("payment_id", TEXT, "one payment or refund", nullable=False)
payment_date = Column("payment_date", DATE, "day of the payment", nullable=False)
amount = Column(
    "amount",
    money(),
    "money received; negative for a refund",
    nullable=False,
    minimum=-_MOST_MONEY,
    maximum=_MOST_MONEY,
)
watch_date = Column("watch_date", DATE, "day of the viewing", nullable=False)
year_month = Column("year_month", DATE, "first day of the month", nullable=False)
revenue = Column("revenue", money(), "sum of payments less refunds", nullable=False)
payment_count = Column(
    "payment_count", INTEGER, "payments of more than 0; refunds not counted", nullable=False, minimum=0
)
mrr = Column("mrr", money(), "monthly recurring revenue: prices per month at its end", nullable=False, minimum=0)
mrr_grain = Column("grain", TEXT, "what is followed", nullable=False, accepted=("subscription", "customer"))
is_before_history = Column(
    "is_before_history", BOOLEAN, "the first version stands in, as nothing was observed yet", nullable=False
)

# Whose a row is: as it is kept, and as a fact names a row of the dimension.
STREAMER = (platform, streamer_key, streamer_id)
USER = (platform, user_key, user_id)
OF_STREAMER = (platform, streamer_key.replace(references="dim_streamers.streamer_key"), streamer_id)
OF_USER = (platform, user_key.replace(references="dim_users.user_key"), user_id)
# What watching adds up to, for `measures.with_watched`; and what billing says of a subscription.
WATCHED = (airtime_minutes, streams_started, viewer_ms, covered_ms)
SUBSCRIPTION = (subscription_id, *USER, start_date, end_date, monthly_price, billing_period, updated_at)
