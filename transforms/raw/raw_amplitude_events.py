"""Amplitude's events as the Export API gave them, or Amplitude's own exports to a bucket.

Grain    one uploaded event in one export of it
Key      _source_file, _source_row
Source   landing files amplitude/events
Units    _snapshot_at is the hour of server_upload_time, UTC; personal data are hashed or left out before landing
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     an hour is there whole or not at all: OPS.EXPORT_HOURS says which are missing
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "amplitude/events",
    grain="one uploaded event in one export of it",
    fields="""
        $insert_id $insert_key $schema _insert_id adid amplitude_attribution_ids amplitude_event_type amplitude_id app
        city client_event_time client_upload_time country data data_type device_brand device_carrier device_family
        device_id device_manufacturer device_model device_type dma event_id event_properties event_time event_type
        global_user_properties group_properties groups id idfa ip_address is_attribution_event language library
        location_lat location_lng os_name os_version partner_id paying plan platform processed_time region sample_rate
        server_received_time server_upload_time session_id source_id start_version user_creation_time user_id
        user_properties uuid version_name
    """,
)
