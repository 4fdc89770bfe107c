"""How rules run: on the warehouse by SQL, and as suites of Great Expectations."""

from expectations.engine.later import import_later

# Great Expectations imports both for expectations that no rule uses: a third of its start.
import_later("altair", "scipy.stats")
