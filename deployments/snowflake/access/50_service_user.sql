-- The user that flows log in as: a service, so it can have no password. Give it the public half of a key pair:
-- ALTER USER SNOWCAST_SERVICE SET RSA_PUBLIC_KEY = '…', or a workload identity.
USE ROLE USERADMIN;
CREATE USER IF NOT EXISTS SNOWCAST_SERVICE TYPE = SERVICE DEFAULT_ROLE = SNOWCAST_LOADER DEFAULT_WAREHOUSE = <% warehouse %> COMMENT = 'Snowcast flows';
USE ROLE SECURITYADMIN;
GRANT ROLE SNOWCAST_LOADER TO USER SNOWCAST_SERVICE;
