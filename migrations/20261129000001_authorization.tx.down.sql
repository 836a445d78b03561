-- What the version before cannot hold is gone: authorizations, consents, and what was learned of orders.
DROP FUNCTION marketplace.pending_consent(bytea);
DROP FUNCTION marketplace.due_orders(uuid, timestamptz, bigint);
DROP TABLE marketplace.orders;
DROP TABLE marketplace.consents;
DROP TABLE marketplace.participations;
DROP TABLE marketplace.authorizations;

-- All tenants' rows are changed, which only an owner does whom row-level security lets. What is read is CONNECTED for the version
-- before, and what has no source of messages is PENDING.
ALTER TABLE marketplace.connections NO FORCE ROW LEVEL SECURITY;
UPDATE marketplace.connections SET status = 'CONNECTED', last_error = NULL
WHERE status = 'ERROR' AND withdrawn AND NOT source_refused AND source IS NOT NULL AND (source <> 'IMAP' OR vault_path IS NOT NULL);
UPDATE marketplace.connections SET status = 'PENDING', last_error = NULL
WHERE source IS NULL AND (status = 'CONNECTED' OR status = 'ERROR' AND withdrawn);
ALTER TABLE marketplace.connections FORCE ROW LEVEL SECURITY;

DROP INDEX marketplace.connections_polled;
ALTER TABLE marketplace.connections
    DROP COLUMN authorized,
    DROP COLUMN withdrawn,
    DROP COLUMN source_refused;
