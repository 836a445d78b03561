-- Bookkeeping of migrations lives in this schema too, so it may be there already.
CREATE SCHEMA IF NOT EXISTS marketplace;

CREATE TABLE marketplace.connections (
    id             uuid PRIMARY KEY,
    tenant_id      text NOT NULL CHECK (tenant_id <> ''),
    type           text NOT NULL,
    status         text NOT NULL,
    source         text,
    display_name   text,
    region         text,
    marketplace_id text,
    vault_path     text,
    last_sync_at   timestamptz,
    last_error     text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    UNIQUE (tenant_id, id)
);

CREATE UNIQUE INDEX connections_live ON marketplace.connections (tenant_id, type, coalesce(marketplace_id, ''))
    WHERE status <> 'DISABLED';

CREATE INDEX connections_connected ON marketplace.connections (id) WHERE status = 'CONNECTED';

CREATE TABLE marketplace.sync_states (
    id              uuid PRIMARY KEY,
    tenant_id       text NOT NULL,
    connection_id   uuid NOT NULL UNIQUE,
    type            text NOT NULL,
    cursor          text,
    last_polled_at  timestamptz,
    last_success_at timestamptz,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

-- A ticket that people open by hand has no connection and no key.
CREATE TABLE marketplace.tickets (
    id                       uuid PRIMARY KEY,
    tenant_id                text NOT NULL CHECK (tenant_id <> ''),
    connection_id            uuid,
    channel                  text NOT NULL,
    external_id              text,
    order_id                 text,
    subject                  text NOT NULL,
    status                   text NOT NULL,
    priority                 text NOT NULL,
    customer_name            text,
    customer_email           text,
    safety_flags             jsonb NOT NULL,
    auto_send_blocked_reason text,
    last_message_at          timestamptz NOT NULL,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id),
    CHECK (channel = 'MANUAL' OR (connection_id IS NOT NULL AND external_id IS NOT NULL))
);

-- The key of a marketplace's conversation. A MANUAL ticket never stands in its way.
CREATE UNIQUE INDEX tickets_key ON marketplace.tickets (connection_id, external_id) WHERE channel <> 'MANUAL';
CREATE INDEX tickets_order ON marketplace.tickets (connection_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX tickets_recent ON marketplace.tickets (tenant_id, last_message_at DESC, id DESC);
CREATE INDEX tickets_status ON marketplace.tickets (tenant_id, status, last_message_at DESC, id DESC);
CREATE INDEX tickets_channel ON marketplace.tickets (tenant_id, channel, last_message_at DESC, id DESC);

CREATE TABLE marketplace.external_messages (
    id            uuid NOT NULL,
    tenant_id     text NOT NULL,
    connection_id uuid NOT NULL,
    type          text NOT NULL,
    kind          text NOT NULL,
    external_id   text NOT NULL CHECK (external_id <> ''),
    thread_id     text,
    order_id      text,
    buyer_name    text,
    buyer_email   text,
    language      text,
    received_at   timestamptz NOT NULL,
    raw           jsonb NOT NULL,
    ticket_id     uuid,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (connection_id, external_id, type),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id)
);

CREATE INDEX external_messages_thread ON marketplace.external_messages (connection_id, thread_id, received_at DESC, id DESC)
    WHERE thread_id IS NOT NULL AND ticket_id IS NOT NULL;

CREATE TABLE marketplace.ticket_messages (
    id                  uuid NOT NULL,
    tenant_id           text NOT NULL,
    ticket_id           uuid NOT NULL,
    external_message_id uuid UNIQUE,
    sender_type         text NOT NULL,
    sender_name         text,
    body                text NOT NULL,
    source              text NOT NULL,
    is_internal         boolean NOT NULL,
    safety_flags        jsonb NOT NULL,
    sent_at             timestamptz NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id),
    FOREIGN KEY (tenant_id, external_message_id) REFERENCES marketplace.external_messages (tenant_id, id)
);

CREATE INDEX ticket_messages_conversation ON marketplace.ticket_messages (ticket_id, sent_at, id);

CREATE TABLE marketplace.ticket_events (
    id                uuid PRIMARY KEY,
    tenant_id         text NOT NULL,
    ticket_id         uuid NOT NULL,
    ticket_message_id uuid,
    type              text NOT NULL,
    actor_type        text NOT NULL,
    actor_id          text,
    payload           jsonb NOT NULL,
    created_at        timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id),
    FOREIGN KEY (tenant_id, ticket_message_id) REFERENCES marketplace.ticket_messages (tenant_id, id)
);

CREATE UNIQUE INDEX ticket_events_received ON marketplace.ticket_events (ticket_message_id) WHERE type = 'MESSAGE_RECEIVED';
CREATE INDEX ticket_events_history ON marketplace.ticket_events (ticket_id, created_at, id);

CREATE TABLE marketplace.rejected_messages (
    id            uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    connection_id uuid NOT NULL,
    type          text NOT NULL,
    external_id   text NOT NULL,
    reason        text NOT NULL,
    detail        text,
    media_type    text,
    raw           bytea NOT NULL,
    received_at   timestamptz,
    replayed_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

CREATE UNIQUE INDEX rejected_messages_identity ON marketplace.rejected_messages (connection_id, sha256(raw), reason);

-- A session sees the rows of the tenant in keybuzz.tenant, and nothing without one. FORCE binds the tables' owner too.
-- The policy compares an expression, not the column, so that it filters and never chooses an index: the planner's
-- statistics do not know a new tenant, take it for empty, and would read all of it for every look-up by a key.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['connections', 'sync_states', 'tickets', 'external_messages', 'ticket_messages',
                             'ticket_events', 'rejected_messages'] LOOP
        EXECUTE format('ALTER TABLE marketplace.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE marketplace.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON marketplace.%I USING (tenant_id || '''' = current_setting(''keybuzz.tenant'', true))', t);
    END LOOP;
END $$;

-- Workers must learn which connections there are before they can work for a tenant.
CREATE POLICY directory ON marketplace.connections FOR SELECT USING (current_setting('keybuzz.directory', true) = 'on');
