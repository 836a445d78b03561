-- What the version before cannot hold is gone: keys, files, addresses, and the bytes of sealed raws, for which an empty
-- text stands in. Messages, tickets and their history stay.
DROP FUNCTION marketplace.route(text);
DROP TABLE marketplace.inbound_addresses;
DROP TABLE marketplace.attachments;

-- All tenants' rows are changed, which only an owner does whom row-level security lets.
ALTER TABLE marketplace.external_messages NO FORCE ROW LEVEL SECURITY;
ALTER TABLE marketplace.rejected_messages NO FORCE ROW LEVEL SECURITY;
ALTER TABLE marketplace.connections NO FORCE ROW LEVEL SECURITY;

UPDATE marketplace.external_messages SET raw = raw - 'size' || '{"encoding": "utf-8", "content": ""}' WHERE raw_key IS NOT NULL;
DROP INDEX marketplace.external_messages_quarantine;
DROP INDEX marketplace.external_messages_waiting_thread;
DROP INDEX marketplace.external_messages_waiting_order;
DROP INDEX marketplace.external_messages_identity;
UPDATE marketplace.external_messages SET external_id = left(external_id, -37) WHERE right(external_id, 37) = '~' || id;
ALTER TABLE marketplace.external_messages
    ADD UNIQUE (connection_id, external_id, type),
    DROP COLUMN evidence,
    DROP COLUMN parser,
    DROP COLUMN mail_id,
    DROP COLUMN subject,
    DROP COLUMN facts,
    DROP COLUMN flags,
    DROP COLUMN safety_flags,
    DROP COLUMN quarantine,
    DROP COLUMN raw_digest,
    DROP COLUMN raw_key;

DROP INDEX marketplace.tickets_name;
DROP INDEX marketplace.tickets_buyer;

DROP INDEX marketplace.ticket_messages_mail;
ALTER TABLE marketplace.ticket_messages
    DROP COLUMN quoted,
    DROP COLUMN mail_id,
    DROP COLUMN delivery;

DROP INDEX marketplace.ticket_events_origin;
ALTER TABLE marketplace.ticket_events DROP COLUMN external_message_id;

-- The version before tells rejected messages apart by their raws.
UPDATE marketplace.rejected_messages SET raw = convert_to('sealed ' || encode(raw_digest, 'hex'), 'UTF8') WHERE raw_key IS NOT NULL;
DROP INDEX marketplace.rejected_messages_quarantine;
DROP INDEX marketplace.rejected_messages_identity;
ALTER TABLE marketplace.rejected_messages
    ALTER COLUMN raw SET NOT NULL,
    DROP COLUMN raw_size,
    DROP COLUMN raw_digest,
    DROP COLUMN raw_key;
CREATE UNIQUE INDEX rejected_messages_identity ON marketplace.rejected_messages (connection_id, sha256(raw), reason);

DROP TABLE marketplace.raw_contents;
DROP TABLE marketplace.raw_keys;

-- The version before would poll what only receives.
UPDATE marketplace.connections SET status = 'PENDING', source = NULL WHERE source = 'PUSH' AND status <> 'DISABLED';

ALTER TABLE marketplace.external_messages FORCE ROW LEVEL SECURITY;
ALTER TABLE marketplace.rejected_messages FORCE ROW LEVEL SECURITY;
ALTER TABLE marketplace.connections FORCE ROW LEVEL SECURITY;
