-- The dashboard in Snowflake: Streamlit in a container of the compute pool, its statements on the query warehouse. Only
-- where the settings name a pool. Its files are put on the stage before the app, which copies them, is made.
USE ROLE ACCOUNTADMIN;
CREATE COMPUTE POOL IF NOT EXISTS <% compute_pool %> MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS AUTO_SUSPEND_SECS = 600 COMMENT = 'Snowcast dashboard';
GRANT USAGE ON COMPUTE POOL <% compute_pool %> TO ROLE SNOWCAST_OWNER;
GRANT USAGE ON INTEGRATION <% packages_integration %> TO ROLE SNOWCAST_OWNER;
USE ROLE SNOWCAST_OWNER;
CREATE SCHEMA IF NOT EXISTS <% database %>.APPS;
CREATE STAGE IF NOT EXISTS <% database %>.APPS.DASHBOARD_CODE;
CREATE STREAMLIT IF NOT EXISTS <% database %>.APPS.DASHBOARD FROM '@<% database %>.APPS.DASHBOARD_CODE' MAIN_FILE = 'streamlit_app.py' QUERY_WAREHOUSE = <% warehouse %> RUNTIME_NAME = 'SYSTEM$ST_CONTAINER_RUNTIME_PY3_11' COMPUTE_POOL = <% compute_pool %> EXTERNAL_ACCESS_INTEGRATIONS = (<% packages_integration %>) TITLE = 'Snowcast';
GRANT USAGE ON STREAMLIT <% database %>.APPS.DASHBOARD TO ROLE SNOWCAST_READER;
