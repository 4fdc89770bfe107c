"""Tables of the raw layer, one file each: a source's records as they came, one row each, which COPY appends."""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table


def declare_source_table(source: str, grain: str, fields: str, *, name: str = "", is_complete: bool = False) -> Table:
    """Declare the raw table of one entity of a source.

    Args:
        source: `source/entity` of its landing files, which the table is tagged and, unless it has a name, named by.
        grain: What one record is.
        fields: Fields the source is known to send, with blanks between them; others are reported as schema drift.
        name: Of a table that is not named by its source.
        is_complete: Every delivery lists everything that exists, so absence means deletion.
    """
    tag, entity = source.split("/")
    return Table(
        name=name or f"raw_{tag}_{entity}",
        layer=Layer.RAW,
        grain=grain,
        key=("_source_file", "_source_row"),
        columns=RAW_COLUMNS,
        write=Append(),
        tags=(tag,),
        source=source,
        fields=tuple(fields.split()),
        is_complete=is_complete,
    )
