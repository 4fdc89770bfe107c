"""The columns of every activity stream (ActivitySchema v2), whatever kind of customer it is of."""

from transforms.contract import INTEGER, TEXT, TIMESTAMP, VARIANT, Column, money

activity_id = Column("activity_id", TEXT, "one event: a hash of the activity and its business key", nullable=False)
ts = Column("ts", TIMESTAMP, "when it happened, UTC", nullable=False)
customer = Column("customer", TEXT, "`<platform>:<id>` of who did it; NULL where only anonymous_customer_id is known")
anonymous_customer_id = Column("anonymous_customer_id", TEXT, "who did it before it was known who that is")
activity = Column("activity", TEXT, "name of the activity, e.g. gift_sent", nullable=False)
feature_json = Column("feature_json", VARIANT, "the activity's features: an object with the same keys in every row")
revenue_impact = Column("revenue_impact", money(), "money gained, negative where it was given back; NULL for no money")
link = Column("link", TEXT, "address where a person can see it")
activity_occurrence = Column(
    "activity_occurrence", INTEGER, "how often the customer had done it by then, from 1", nullable=False, minimum=1
)
activity_repeated_at = Column("activity_repeated_at", TIMESTAMP, "when the customer did it again; NULL: not yet")

STREAM = (
    activity_id,
    ts,
    customer,
    anonymous_customer_id,
    activity,
    feature_json,
    revenue_impact,
    link,
    activity_occurrence,
    activity_repeated_at,
)

person = Column(
    "person", TEXT, "whose row it is: the customer, or the anonymous one where no customer is known", nullable=False
)

# An event before it is numbered.
EVENT = (activity_id, ts, customer, anonymous_customer_id, activity, feature_json, revenue_impact, link, person)
