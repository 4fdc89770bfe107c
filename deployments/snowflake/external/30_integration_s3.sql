-- The storage integration by which stages read S3: an IAM role that Snowflake assumes; no key is kept anywhere.
USE ROLE ACCOUNTADMIN;
CREATE STORAGE INTEGRATION IF NOT EXISTS <% integration %> TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE STORAGE_AWS_ROLE_ARN = '<% s3_role %>' STORAGE_ALLOWED_LOCATIONS = (<% locations %>);
GRANT USAGE ON INTEGRATION <% integration %> TO ROLE SNOWCAST_LOADER;
