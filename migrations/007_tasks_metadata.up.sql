-- slipway: compatible
ALTER TABLE tasks VALIDATE CONSTRAINT tasks_metadata_object;
ALTER TABLE tasks VALIDATE CONSTRAINT tasks_metadata_length;
