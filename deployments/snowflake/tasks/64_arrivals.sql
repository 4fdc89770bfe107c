-- The root of the graph: triggered by the streams, it takes what they hold, in one statement, and writes down how much.
-- What comes while the tables are built triggers the next round.
CREATE OR ALTER TASK <% database %>.OPS.ARRIVALS WAREHOUSE = <% warehouse %> COMMENT = 'Every <% interval %> s at most' TASK_AUTO_RETRY_ATTEMPTS = 2 USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS = <% interval %> WHEN <% has_data %> AS INSERT INTO <% database %>.OPS.TASK_ARRIVALS <% arrivals %>;
