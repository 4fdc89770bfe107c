-- One build of one table: flows/deploy/snowflake/procedure.py, with `transforms` and the parameters in the archive.
-- As its caller, the task's owner: what an owner's procedure may not do (ALTER SESSION), the client library does.
CREATE OR REPLACE PROCEDURE <% database %>.OPS.BUILD_TABLE(TABLE_NAME VARCHAR) RETURNS VARCHAR LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = (<% packages %>) IMPORTS = ('@<% database %>.OPS.CODE/<% archive %>') HANDLER = 'snowcast_procedure.build' COMMENT = '<% archive %>' EXECUTE AS CALLER;
