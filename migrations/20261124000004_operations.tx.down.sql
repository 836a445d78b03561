DROP INDEX marketplace.rejected_messages_pending;
DROP INDEX marketplace.connections_status;
DROP POLICY operations ON marketplace.rejected_messages;
DROP POLICY operations ON marketplace.sync_states;
DROP POLICY operations ON marketplace.connections;
DROP TABLE marketplace.audit_entries;
