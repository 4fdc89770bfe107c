-- What the loader needs to make stages and pipes of places outside.
USE ROLE SECURITYADMIN;
GRANT CREATE STAGE, CREATE PIPE ON SCHEMA <% database %>.RAW TO ROLE SNOWCAST_LOADER;
