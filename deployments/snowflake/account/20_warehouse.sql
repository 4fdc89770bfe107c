-- One small virtual warehouse that sleeps when no flow runs, and what it may cost in a month.
USE ROLE ACCOUNTADMIN;
CREATE RESOURCE MONITOR IF NOT EXISTS <% warehouse %>_MONITOR WITH CREDIT_QUOTA = <% credit_quota %> FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND;
CREATE WAREHOUSE IF NOT EXISTS <% warehouse %> WAREHOUSE_SIZE = <% warehouse_size %> AUTO_SUSPEND = <% auto_suspend %> AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE RESOURCE_MONITOR = <% warehouse %>_MONITOR COMMENT = 'Snowcast flows';
