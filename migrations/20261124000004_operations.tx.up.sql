-- What people and the software did to a tenant's connections and messages. The subject is an id of whatever it was.
CREATE TABLE marketplace.audit_entries (
    id         uuid PRIMARY KEY,
    tenant_id  text NOT NULL CHECK (tenant_id <> ''),
    action     text NOT NULL CHECK (action <> ''),
    subject    text NOT NULL,
    actor_type text NOT NULL CHECK (actor_type <> ''),
    actor_id   text,
    cause      text,
    created_at timestamptz NOT NULL
);

CREATE INDEX audit_entries_recent ON marketplace.audit_entries (tenant_id, created_at DESC, id DESC);
CREATE INDEX audit_entries_subject ON marketplace.audit_entries (tenant_id, subject, created_at DESC, id DESC);

-- Entries are added and read. Without a policy for UPDATE and DELETE, nobody whom these policies bind changes or removes
-- one, the tables' owner neither.
ALTER TABLE marketplace.audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE marketplace.audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON marketplace.audit_entries FOR SELECT
    USING (tenant_id || '' = current_setting('keybuzz.tenant', true));
CREATE POLICY record ON marketplace.audit_entries FOR INSERT
    WITH CHECK (tenant_id || '' = current_setting('keybuzz.tenant', true));

-- Operators see the connections of all tenants, how their polls go, and what was rejected. They see, and change nothing:
-- changes are made as the tenant. No policy lets them see a conversation.
CREATE POLICY operations ON marketplace.connections FOR SELECT USING (current_setting('keybuzz.operations', true) = 'on');
CREATE POLICY operations ON marketplace.sync_states FOR SELECT USING (current_setting('keybuzz.operations', true) = 'on');
CREATE POLICY operations ON marketplace.rejected_messages FOR SELECT USING (current_setting('keybuzz.operations', true) = 'on');

CREATE INDEX connections_status ON marketplace.connections (status, id);
CREATE INDEX rejected_messages_pending ON marketplace.rejected_messages (id) WHERE replayed_at IS NULL;
