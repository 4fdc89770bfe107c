"""Identity links as the files have them: which id of a source turned out to be which customer.

Grain    one line of a links file
Key      _source_file, _source_row
Source   landing files identity/links
Units    nothing is interpreted; _snapshot_at is the delivery's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a file lists some of the links: absence says nothing
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "identity/links",
    grain="one line of a links file",
    fields="platform anonymous_id customer_platform customer_id linked_at",
)
