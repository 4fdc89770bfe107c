-- What has come into a raw table since the last round; the rows that are there at first count as come.
CREATE STREAM IF NOT EXISTS <% database %>.OPS.NEW_<% raw %> ON TABLE <% database %>.RAW.<% raw %> APPEND_ONLY = TRUE SHOW_INITIAL_ROWS = TRUE;
