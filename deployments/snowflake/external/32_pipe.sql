-- The pipe of one raw table, made by the load that first needs it (flows/load/pipes.py), which writes its comment.
CREATE PIPE IF NOT EXISTS <% pipe %> AUTO_INGEST = <% auto_ingest %> COMMENT = '<% comment %>' AS <% copy %>;
