-- By which of our addresses a pushed message came: answers to it leave from there. Added without a rewrite of the table.
ALTER TABLE marketplace.external_messages ADD COLUMN recipient text;

-- Answers on their way to buyers. Their text is the body of their ticket message, whose delivery is theirs too.
CREATE TABLE marketplace.replies (
    id             uuid PRIMARY KEY,
    tenant_id      text NOT NULL CHECK (tenant_id <> ''),
    connection_id  uuid NOT NULL,
    ticket_id      uuid NOT NULL,
    message_id     uuid NOT NULL,
    delivery       text NOT NULL,
    key            text NOT NULL CHECK (key <> ''),
    digest         bytea NOT NULL CHECK (octet_length(digest) = 32),
    author         text,
    language       text,
    critical       boolean NOT NULL DEFAULT false,
    to_address     text,
    from_address   text,
    subject        text NOT NULL,
    thread_id      text,
    order_id       text,
    answers        text,
    in_reply_to    text,
    mail_id        text NOT NULL CHECK (mail_id <> ''),
    external_id    text,
    overrides      jsonb,
    due_at         timestamptz NOT NULL,
    deadline       timestamptz NOT NULL,
    attempts       integer NOT NULL DEFAULT 0,
    handed_over_at timestamptz,
    cause          text,
    changed_at     timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES marketplace.connections (tenant_id, id),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES marketplace.ticket_messages (tenant_id, id)
);

CREATE UNIQUE INDEX replies_key ON marketplace.replies (tenant_id, key);
CREATE UNIQUE INDEX replies_message ON marketplace.replies (message_id);
CREATE UNIQUE INDEX replies_mail ON marketplace.replies (mail_id);
CREATE INDEX replies_ticket ON marketplace.replies (ticket_id, created_at, id);
CREATE INDEX replies_listed ON marketplace.replies (tenant_id, created_at, id);
CREATE INDEX replies_due ON marketplace.replies (connection_id, due_at, id) WHERE delivery IN ('QUEUED', 'SENDING');
CREATE INDEX replies_open ON marketplace.replies (tenant_id, delivery, created_at, id) WHERE delivery NOT IN ('CONFIRMED', 'CANCELLED');

ALTER TABLE marketplace.replies ENABLE ROW LEVEL SECURITY;
ALTER TABLE marketplace.replies FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON marketplace.replies USING (tenant_id || '' = current_setting('keybuzz.tenant', true));
