-- A stage that reads landing files in place, for each place that the settings name. Another place is another stage.
CREATE STAGE IF NOT EXISTS <% database %>.RAW.<% stage %> URL = '<% url %>' STORAGE_INTEGRATION = <% integration %>;
