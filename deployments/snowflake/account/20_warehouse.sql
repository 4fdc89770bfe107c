-- One small virtual warehouse that sleeps when no flow runs.
USE ROLE SYSADMIN;
CREATE WAREHOUSE IF NOT EXISTS <% warehouse %> WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE COMMENT = 'Snowcast flows';
