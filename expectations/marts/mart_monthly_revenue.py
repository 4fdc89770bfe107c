"""Business rules of mart_monthly_revenue."""

from expectations.rules.marts import first_of_month
from expectations.rules.rule import Lookup, critical

_PAID = Lookup(
    "paid",
    "select year_month, sum(amount) as revenue, count_if(amount > 0) as payment_count, "
    "-sum(iff(amount < 0, amount, 0)) as refunded, count_if(amount < 0) as refund_count from {fact_payments} "
    "where year_month in (select year_month from {batch} b) group by year_month",
    ("revenue", "payment_count", "refunded", "refund_count"),
    "paid.year_month = t.year_month",
)

RULES = (
    first_of_month("year_month"),
    critical(
        "revenue is the sum of fact_payments",
        "revenue is distinct from paid_revenue or refunded is distinct from paid_refunded",
        "revenue is the sum of all payments of the month, exact to the cent",
        *("revenue", "paid_revenue", "refunded", "paid_refunded", _PAID),
    ),
    critical(
        "payments and refunds are those of fact_payments",
        "payment_count is distinct from paid_payment_count or refund_count is distinct from paid_refund_count",
        "each payment of the month is counted once, as a payment or as a refund",
        *("payment_count", "paid_payment_count", "refund_count", "paid_refund_count", _PAID),
    ),
)
