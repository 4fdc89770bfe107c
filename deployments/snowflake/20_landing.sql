-- Where landing files arrive: one internal stage, and the format in which they are written.
CREATE FILE FORMAT IF NOT EXISTS <% database %>.RAW.NDJSON_GZ TYPE = JSON COMPRESSION = GZIP STRIP_OUTER_ARRAY = FALSE;
CREATE STAGE IF NOT EXISTS <% database %>.RAW.LANDING;
