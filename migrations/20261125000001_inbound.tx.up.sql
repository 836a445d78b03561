-- Tables are locked in the order in which programs come to them, each from its first change on. What is checked from now on is not
-- checked for the rows that are there (NOT VALID), since that would read every raw under the lock: they were stored by rules
-- that they fulfil.

-- Keys that tenants' raws are sealed with. The keys themselves are in the SecretStore: without them no copy of this
-- database can be read.
CREATE TABLE marketplace.raw_keys (
    id         uuid NOT NULL,
    tenant_id  text NOT NULL CHECK (tenant_id <> ''),
    vault_path text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX raw_keys_current ON marketplace.raw_keys (tenant_id) WHERE erased_at IS NULL;

-- Messages byte for byte, sealed, once each. Their bytes are here, or in the object store once they were moved there. The
-- key is no foreign key: a vault may keep its keys elsewhere.
CREATE TABLE marketplace.raw_contents (
    tenant_id  text NOT NULL CHECK (tenant_id <> ''),
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    key_id     uuid NOT NULL,
    size       integer NOT NULL,
    sealed     bytea,
    moved_at   timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, digest, key_id),
    CHECK ((sealed IS NULL) = (moved_at IS NOT NULL))
);

-- What is sealed cannot be compressed.
ALTER TABLE marketplace.raw_contents ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX raw_contents_held ON marketplace.raw_contents (tenant_id, created_at) WHERE sealed IS NOT NULL;

ALTER TABLE marketplace.external_messages
    ADD COLUMN evidence text,
    ADD COLUMN parser integer,
    ADD COLUMN mail_id text,
    ADD COLUMN subject text,
    ADD COLUMN facts jsonb,
    ADD COLUMN flags jsonb,
    ADD COLUMN safety_flags jsonb,
    ADD COLUMN quarantine text,
    ADD COLUMN raw_digest bytea,
    ADD COLUMN raw_key uuid,
    ADD FOREIGN KEY (tenant_id, raw_digest, raw_key) REFERENCES marketplace.raw_contents (tenant_id, digest, key_id) NOT VALID,
    ADD CONSTRAINT external_messages_raw CHECK (raw_key IS NOT NULL OR raw ? 'content') NOT VALID;

-- A message is known in the whole tenant, by whichever connection it came. Until now it was known in its connection: where two of
-- a tenant's connections hold the same, the first stays it, and the others get names of their own.
DO $$
DECLARE t text;
BEGIN
    PERFORM set_config('keybuzz.directory', 'on', true);
    FOR t IN SELECT DISTINCT tenant_id FROM (
        SELECT tenant_id FROM marketplace.connections GROUP BY tenant_id, type HAVING count(*) > 1) AS several
    LOOP
        PERFORM set_config('keybuzz.tenant', t, true);
        UPDATE marketplace.external_messages m SET external_id = m.external_id || '~' || m.id
        FROM (SELECT id, row_number() OVER (PARTITION BY type, external_id ORDER BY created_at, id) AS n
              FROM marketplace.external_messages WHERE tenant_id = t) AS copy
        WHERE m.tenant_id = t AND m.id = copy.id AND copy.n > 1;
    END LOOP;
    PERFORM set_config('keybuzz.tenant', '', true), set_config('keybuzz.directory', '', true);
END $$;

-- The id comes first: look-ups name no tenant.
CREATE UNIQUE INDEX external_messages_identity ON marketplace.external_messages (external_id, type, tenant_id);
ALTER TABLE marketplace.external_messages DROP CONSTRAINT external_messages_connection_id_external_id_type_key;
CREATE INDEX external_messages_waiting_order ON marketplace.external_messages (connection_id, order_id)
    WHERE order_id IS NOT NULL AND ticket_id IS NULL;
CREATE INDEX external_messages_waiting_thread ON marketplace.external_messages (connection_id, thread_id)
    WHERE thread_id IS NOT NULL AND ticket_id IS NULL;
CREATE INDEX external_messages_quarantine ON marketplace.external_messages (tenant_id, created_at DESC, id DESC)
    WHERE quarantine IS NOT NULL;

CREATE TABLE marketplace.attachments (
    id                  uuid NOT NULL,
    tenant_id           text NOT NULL,
    external_message_id uuid NOT NULL,
    number              integer NOT NULL,
    name                text NOT NULL,
    original_name       text NOT NULL,
    declared_type       text NOT NULL,
    type                text NOT NULL,
    size                bigint NOT NULL,
    digest              bytea NOT NULL CHECK (octet_length(digest) = 32),
    inline              boolean NOT NULL,
    content_id          text,
    flags               jsonb,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (external_message_id, number),
    FOREIGN KEY (tenant_id, external_message_id) REFERENCES marketplace.external_messages (tenant_id, id)
);

-- Relay addresses are looked up without the part behind their plus, which names a case: as what begins alike, byte by byte.
CREATE INDEX tickets_buyer ON marketplace.tickets (connection_id, customer_email COLLATE "C") WHERE customer_email IS NOT NULL;
CREATE INDEX tickets_name ON marketplace.tickets (connection_id, customer_name) WHERE customer_name IS NOT NULL;

ALTER TABLE marketplace.ticket_messages
    ADD COLUMN quoted text,
    ADD COLUMN mail_id text,
    ADD COLUMN delivery text;
CREATE INDEX ticket_messages_mail ON marketplace.ticket_messages (mail_id) WHERE mail_id IS NOT NULL;

ALTER TABLE marketplace.ticket_events
    ADD COLUMN external_message_id uuid,
    ADD FOREIGN KEY (tenant_id, external_message_id) REFERENCES marketplace.external_messages (tenant_id, id) NOT VALID;
CREATE UNIQUE INDEX ticket_events_origin ON marketplace.ticket_events (external_message_id, type)
    WHERE external_message_id IS NOT NULL;

ALTER TABLE marketplace.rejected_messages
    ALTER COLUMN raw DROP NOT NULL,
    ADD COLUMN raw_size integer,
    ADD COLUMN raw_digest bytea,
    ADD COLUMN raw_key uuid,
    ADD FOREIGN KEY (tenant_id, raw_digest, raw_key) REFERENCES marketplace.raw_contents (tenant_id, digest, key_id) NOT VALID,
    ADD CONSTRAINT rejected_messages_raw CHECK (raw_key IS NOT NULL OR raw IS NOT NULL) NOT VALID;
DROP INDEX marketplace.rejected_messages_identity;
CREATE UNIQUE INDEX rejected_messages_identity
    ON marketplace.rejected_messages (connection_id, coalesce(raw_digest, sha256(raw)), reason);
CREATE INDEX rejected_messages_quarantine ON marketplace.rejected_messages (tenant_id, created_at DESC, id DESC)
    WHERE replayed_at IS NULL;

-- Where a marketplace sends a seller's mail. The envelope's recipient, and nothing else, says whose a mail is.
CREATE TABLE marketplace.inbound_addresses (
    id            uuid PRIMARY KEY,
    tenant_id     text NOT NULL CHECK (tenant_id <> ''),
    connection_id uuid NOT NULL,
    type          text NOT NULL,
    country       text NOT NULL,
    address       text NOT NULL UNIQUE CHECK (address = lower(address)),
    status        text NOT NULL,
    validated_at  timestamptz,
    validated_by  text,
    retired_at    timestamptz,
    code_hash     bytea,
    code_expires  timestamptz,
    last_mail_at  timestamptz,
    created_at    timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id)
);

CREATE UNIQUE INDEX inbound_addresses_live ON marketplace.inbound_addresses (connection_id, country) WHERE status <> 'RETIRED';
CREATE INDEX inbound_addresses_list ON marketplace.inbound_addresses (tenant_id, type, country, id);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['raw_keys', 'raw_contents', 'attachments', 'inbound_addresses'] LOOP
        EXECUTE format('ALTER TABLE marketplace.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE marketplace.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON marketplace.%I USING (tenant_id || '''' = current_setting(''keybuzz.tenant'', true))', t);
    END LOOP;
END $$;

-- A mail's recipient is looked up before anybody knows whose it is. Who asks sees the address that it names, and no other.
CREATE POLICY routing ON marketplace.inbound_addresses FOR SELECT USING (address = current_setting('keybuzz.recipient', true));
CREATE FUNCTION marketplace.route(recipient text) RETURNS SETOF marketplace.inbound_addresses LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('keybuzz.recipient', recipient, true);
    RETURN QUERY SELECT * FROM marketplace.inbound_addresses WHERE address = recipient;
END $$;

-- Workers that move raws to the object store must learn which tenants have any.
CREATE POLICY directory ON marketplace.raw_contents FOR SELECT USING (current_setting('keybuzz.directory', true) = 'on');
