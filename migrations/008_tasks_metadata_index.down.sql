-- slipway: no-transaction
DROP INDEX CONCURRENTLY tasks_metadata;
