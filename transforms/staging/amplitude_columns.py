"""Columns of Amplitude's events, as they are staged and as products count them: one meaning everywhere."""

from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, VARIANT, Column

event_key = Column(
    "event_key", TEXT, "one event: hash of insert_id and device_id, or of uuid where insert_id is empty", nullable=False
)
amplitude_id = Column("amplitude_id", INTEGER, "user as Amplitude knew it when the event came", nullable=False)
merged_amplitude_id = Column(
    "merged_amplitude_id", INTEGER, "user that the amplitude_id was merged into, or itself", nullable=False
)
user_id = Column("user_id", TEXT, "id that the app sent; NULL before it knew one")
known_user_id = Column("known_user_id", TEXT, "user_id, NULL where it is a placeholder such as `anonymous` or `0`")
device_id = Column("device_id", TEXT, "device as its app names it")
session_id = Column("session_id", INTEGER, "session as its app names it: its start in ms since 1970; -1 is none")
event_type = Column("event_type", TEXT, "what happened, as the app names it", nullable=False)
event_at = Column("event_at", TIMESTAMP, "when it happened by the app's clock, UTC", nullable=False)
happened_at = Column(
    "happened_at",
    TIMESTAMP,
    "event_at, or uploaded_at where that is earlier: nothing happens later, UTC",
    nullable=False,
)
uploaded_at = Column("uploaded_at", TIMESTAMP, "when Amplitude took it, UTC", nullable=False)
is_future = Column("is_future", BOOLEAN, "event_at is later than its upload: a clock that is ahead", nullable=False)
app_platform = Column("app_platform", TEXT, "what the app runs on: Web, iOS, Android, …")
os_name = Column("os_name", TEXT, "operating system or browser")
os_version = Column("os_version", TEXT, "its version")
device_family = Column("device_family", TEXT, "e.g. Windows, Apple iPhone")
device_type = Column("device_type", TEXT, "the model, as far as it is told")
country = Column("country", TEXT, "country that Amplitude found for the address, as it names it")
region = Column("region", TEXT, "region within the country")
city = Column("city", TEXT, "city")
dma = Column("dma", TEXT, "designated market area (United States)")
language = Column("language", TEXT, "language of the device")
library = Column("library", TEXT, "what sent the event, with its version")
version_name = Column("version_name", TEXT, "version of the app")
event_properties = Column("event_properties", VARIANT, "what the app told of the event: an object")

# On what and where an event happened, in the order of the tables.
CIRCUMSTANCES = (
    *(app_platform, os_name, os_version, device_family, device_type),
    *(country, region, city, dma, language, library, version_name),
)

# Of product events and what they amount to.
user_key = Column("user_key", TEXT, "hash of (platform, merged_amplitude_id)", nullable=False)
device_key = Column("device_key", TEXT, "hash of (platform, device_id); NULL without one")
session_key = Column("session_key", TEXT, "hash of user_key and session_id; NULL where there is no session")
os_key = Column("os_key", TEXT, "hash of os_name and os_version", nullable=False)
location_key = Column("location_key", TEXT, "hash of country, region, city and dma", nullable=False)
page = Column("page", TEXT, "page on which it happened; NULL where the event tells none")
first_event_at = Column("first_event_at", TIMESTAMP, "when the first event happened, UTC")
last_event_at = Column("last_event_at", TIMESTAMP, "when the newest event happened, UTC")
event_count = Column("event_count", INTEGER, "events", nullable=False, minimum=0)
