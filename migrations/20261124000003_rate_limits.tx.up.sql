-- What is left in the token buckets of marketplaces' APIs: one for each operation of each connection that used it. The
-- published plan (rate and burst) is the program's and not stored.
--
-- Every call changes a row and no indexed column, so pages keep some room for the new version beside the old one.
CREATE TABLE marketplace.rate_limits (
    tenant_id     text NOT NULL,
    connection_id uuid NOT NULL,
    operation     text NOT NULL,
    tokens        double precision NOT NULL, -- as counted at counted_at; below 0 after a refusal
    counted_at    timestamptz NOT NULL,
    learned_rate  double precision,          -- tokens a second, as the marketplace told; null before it did
    last_wait     double precision NOT NULL, -- seconds that the last to ask was told to wait; 0 when there was a token
    PRIMARY KEY (tenant_id, connection_id, operation),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
) WITH (fillfactor = 75);

ALTER TABLE marketplace.rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE marketplace.rate_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON marketplace.rate_limits USING (tenant_id || '' = current_setting('keybuzz.tenant', true));
