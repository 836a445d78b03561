-- When a message last came, and how often polls failed since the last good one: what the next poll's time depends on.
ALTER TABLE marketplace.sync_states
    ADD COLUMN last_arrival_at timestamptz,
    ADD COLUMN failures integer NOT NULL DEFAULT 0;

-- A connection's poll job is found by the connection.
CREATE INDEX river_job_connection ON river.river_job ((args ->> 'connection')) WHERE kind = 'poll';

-- Every poll changes its job's row three times. The defaults of autovacuum would let a fifth of the table die first.
ALTER TABLE river.river_job SET (
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0
);

-- The processes that work the queue, by the name that they sign their jobs with. One that is not seen for a while has its
-- jobs taken over. No tenant: nothing here is anybody's data.
CREATE TABLE river.keybuzz_workers (
    id         text PRIMARY KEY,
    version    text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);

-- The bookkeeping of polls serves many tenants in one statement: those that the transaction names, and no others. A
-- tenant's id has no comma.
CREATE POLICY polls ON marketplace.connections
    USING (tenant_id || '' = ANY (string_to_array(current_setting('keybuzz.tenants', true), ',')));
CREATE POLICY polls ON marketplace.sync_states
    USING (tenant_id || '' = ANY (string_to_array(current_setting('keybuzz.tenants', true), ',')));

-- A poll's job is one row for years. River adds a name with each turn, up to a hundred, and reads them all with the next; only the
-- last is of use.
CREATE FUNCTION river.keybuzz_forget_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.attempted_by := NEW.attempted_by[array_upper(NEW.attempted_by, 1):];
    NEW.errors := NEW.errors[greatest(1, cardinality(NEW.errors) - 7):];
    RETURN NEW;
END $$;
CREATE TRIGGER keybuzz_forget_workers BEFORE UPDATE ON river.river_job
    FOR EACH ROW WHEN (NEW.kind = 'poll' AND cardinality(NEW.attempted_by) > 3) EXECUTE FUNCTION river.keybuzz_forget_workers();
