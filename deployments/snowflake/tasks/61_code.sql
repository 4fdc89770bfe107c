-- The stage of the code, and what brought each round of builds about. The loader owns both, and what follows.
USE ROLE SNOWCAST_LOADER;
CREATE STAGE IF NOT EXISTS <% database %>.OPS.CODE;
CREATE TABLE IF NOT EXISTS <% database %>.OPS.TASK_ARRIVALS (TABLE_NAME VARCHAR, ROW_COUNT NUMBER, TAKEN_AT TIMESTAMP_NTZ);
