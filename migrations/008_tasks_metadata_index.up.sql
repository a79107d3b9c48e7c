-- slipway: no-transaction
-- slipway: compatible
-- Filters by containment: metadata @> '{"project": "x"}'.
CREATE INDEX CONCURRENTLY tasks_metadata ON tasks USING gin (metadata jsonb_path_ops);
