"""Features that several activities share: one name, one type and one meaning everywhere."""

from transforms.activity.definitions.activity import Feature
from transforms.contract import BOOLEAN, INTEGER, TEXT, money

stream_id = Feature("stream_id", TEXT, "the broadcast")
max_viewers = Feature("max_viewers", INTEGER, "most viewers at one time")
unique_viewers = Feature("unique_viewers", INTEGER, "different viewers; NULL where the source does not count them")
gift_transaction_id = Feature("gift_transaction_id", TEXT, "the gift transaction")
gift_id = Feature("gift_id", TEXT, "what was given")
gift_name = Feature("gift_name", TEXT, "its name")
points = Feature("points", INTEGER, "what it is worth, in points of the platform")
is_cancelled = Feature("is_cancelled", BOOLEAN, "the gift was taken back")
is_anonymous = Feature("is_anonymous", BOOLEAN, "given under the platform's shared anonymous user")
transaction_type = Feature("transaction_type", TEXT, "kind of transaction, as the source names it")
streamer_id = Feature("streamer_id", TEXT, "the streamer's id as the source gave it")
user_id = Feature("user_id", TEXT, "the viewer's id as the source gave it")
subscription_id = Feature("subscription_id", TEXT, "the subscription")
monthly_price = Feature("monthly_price", money(), "price of one billing period")
billing_period = Feature("billing_period", TEXT, "what a price pays for; NULL is monthly")

# What both sides of a gift tell of it, behind its id and who is at the other side.
OF_GIFT = (gift_id, gift_name, points, is_cancelled, is_anonymous, transaction_type, stream_id)
