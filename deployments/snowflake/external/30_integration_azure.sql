-- The storage integration by which stages read Azure: an application of Snowflake's that the tenant consents to.
USE ROLE ACCOUNTADMIN;
CREATE STORAGE INTEGRATION IF NOT EXISTS <% integration %> TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'AZURE' ENABLED = TRUE AZURE_TENANT_ID = '<% azure_tenant %>' STORAGE_ALLOWED_LOCATIONS = (<% locations %>);
GRANT USAGE ON INTEGRATION <% integration %> TO ROLE SNOWCAST_LOADER;
