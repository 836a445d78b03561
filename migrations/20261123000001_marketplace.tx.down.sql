-- The schema itself stays: it holds the bookkeeping of migrations.
DROP TABLE marketplace.rejected_messages;
DROP TABLE marketplace.ticket_events;
DROP TABLE marketplace.ticket_messages;
DROP TABLE marketplace.external_messages;
DROP TABLE marketplace.tickets;
DROP TABLE marketplace.sync_states;
DROP TABLE marketplace.connections;
