-- The build of one table, after those of the tables that it reads.
CREATE OR ALTER TASK <% database %>.OPS.BUILD_<% table %> WAREHOUSE = <% warehouse %> QUERY_TAG = '<% tag %>' AFTER <% inputs %> AS CALL <% database %>.OPS.BUILD_TABLE('<% name %>');
