DROP TRIGGER keybuzz_forget_workers ON river.river_job;
DROP FUNCTION river.keybuzz_forget_workers();
DROP POLICY polls ON marketplace.connections;
DROP POLICY polls ON marketplace.sync_states;
DROP TABLE river.keybuzz_workers;
ALTER TABLE river.river_job RESET (
    autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor, autovacuum_vacuum_cost_delay
);
DROP INDEX river.river_job_connection;
ALTER TABLE marketplace.sync_states DROP COLUMN last_arrival_at, DROP COLUMN failures;
