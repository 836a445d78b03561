-- What a seller's authorizations say of a connection, and whether it is in ERROR because its source refused us: until now that was
-- the only way there.
ALTER TABLE marketplace.connections
    ADD COLUMN authorized boolean NOT NULL DEFAULT false,
    ADD COLUMN withdrawn boolean NOT NULL DEFAULT false,
    ADD COLUMN source_refused boolean NOT NULL DEFAULT false;

-- All tenants' rows are changed, which only an owner does whom row-level security lets.
ALTER TABLE marketplace.connections NO FORCE ROW LEVEL SECURITY;
UPDATE marketplace.connections SET source_refused = true WHERE status = 'ERROR';
ALTER TABLE marketplace.connections FORCE ROW LEVEL SECURITY;

-- Those that are polled: domain.ConnectionState.Polled. The version before reads connections_connected.
CREATE INDEX connections_polled ON marketplace.connections (id)
    WHERE (status = 'CONNECTED' OR status = 'ERROR' AND withdrawn AND NOT source_refused) AND source <> 'PUSH';

-- Sellers' leave to use the marketplace's API. The tokens themselves are in the SecretStore.
CREATE TABLE marketplace.authorizations (
    id            uuid PRIMARY KEY,
    tenant_id     text NOT NULL CHECK (tenant_id <> ''),
    connection_id uuid NOT NULL,
    type          text NOT NULL,
    region        text NOT NULL CHECK (region <> ''),
    seller_id     text NOT NULL CHECK (seller_id <> ''),
    status        text NOT NULL,
    vault_path    text,
    granted_at    timestamptz,
    expires_at    timestamptz,
    looked_at     timestamptz,
    warned_days   integer NOT NULL DEFAULT 0,
    last_error    text,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    UNIQUE (connection_id, region),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

CREATE INDEX authorizations_expiring ON marketplace.authorizations (expires_at) WHERE status = 'GRANTED';
CREATE INDEX authorizations_withdrawn ON marketplace.authorizations (id) WHERE status = 'WITHDRAWN';

-- The marketplaces that sellers' accounts take part in, as Amazon says.
CREATE TABLE marketplace.participations (
    tenant_id      text NOT NULL CHECK (tenant_id <> ''),
    connection_id  uuid NOT NULL,
    region         text NOT NULL CHECK (region <> ''),
    marketplace_id text NOT NULL CHECK (marketplace_id <> ''),
    country        text NOT NULL,
    name           text NOT NULL,
    store_name     text,
    language       text,
    currency       text,
    participating  boolean NOT NULL,
    suspended      boolean NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, region, marketplace_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

-- Consents under way. What a browser comes back with is stored hashed.
CREATE TABLE marketplace.consents (
    id            uuid PRIMARY KEY,
    tenant_id     text NOT NULL CHECK (tenant_id <> ''),
    connection_id uuid NOT NULL,
    type          text NOT NULL,
    country       text,
    region        text NOT NULL CHECK (region <> ''),
    seller_id     text,
    return_to     text,
    user_id       text,
    state_hash    bytea NOT NULL UNIQUE CHECK (octet_length(state_hash) = 32),
    browser_hash  bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    expires_at    timestamptz NOT NULL,
    consumed_at   timestamptz,
    created_at    timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

CREATE INDEX consents_over ON marketplace.consents (connection_id, expires_at);

-- The orders that tickets are about, without anything about their buyers.
CREATE TABLE marketplace.orders (
    tenant_id     text NOT NULL CHECK (tenant_id <> ''),
    connection_id uuid NOT NULL,
    order_id      text NOT NULL CHECK (order_id <> ''),
    region        text,
    outcome       text NOT NULL,
    context       jsonb,
    reason        text,
    fetched_at    timestamptz,
    due_at        timestamptz,
    failures      integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, order_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

CREATE INDEX orders_due ON marketplace.orders (connection_id, due_at, order_id) WHERE due_at IS NOT NULL;

-- The first orders of a connection by when they are due, straight from their index. Left to choose, the planner takes the policy to
-- leave one row in two hundred, and reads and sorts all orders of the connection for the few that are asked for.
CREATE FUNCTION marketplace.due_orders(connection uuid, by_then timestamptz, most bigint) RETURNS SETOF marketplace.orders
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM marketplace.orders WHERE connection_id = connection AND due_at <= by_then
        ORDER BY due_at, order_id LIMIT most;
END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['authorizations', 'participations', 'consents', 'orders'] LOOP
        EXECUTE format('ALTER TABLE marketplace.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE marketplace.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON marketplace.%I USING (tenant_id || '''' = current_setting(''keybuzz.tenant'', true))', t);
    END LOOP;
END $$;

-- Who comes back from a marketplace has nothing to show but the state. Who asks sees the consent whose hash it names, and no other.
CREATE POLICY consenting ON marketplace.consents FOR SELECT
    USING (state_hash = decode(current_setting('keybuzz.consent', true), 'hex'));
CREATE FUNCTION marketplace.pending_consent(hash bytea) RETURNS SETOF marketplace.consents LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('keybuzz.consent', encode(hash, 'hex'), true);
    RETURN QUERY SELECT * FROM marketplace.consents WHERE state_hash = hash;
END $$;

-- Workers must learn whose authorizations are to end, and monitoring counts them.
CREATE POLICY directory ON marketplace.authorizations FOR SELECT USING (current_setting('keybuzz.directory', true) = 'on');
CREATE POLICY operations ON marketplace.authorizations FOR SELECT USING (current_setting('keybuzz.operations', true) = 'on');
