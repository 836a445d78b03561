-- What belongs to a ticket names it by tenant and id, and each row of it that is written looks that up. Four indexes of tickets
-- begin with the tenant and hold the id. While the statistics are young all four look equally good, and the planner takes the one
-- that was made last: a list, of which it reads all of the tenant's tickets that are newer. So the one that is meant is made last.
--
-- The rows that are there were checked when they were written, and are not checked again: that would hold the tables for as long
-- as it takes to read them.
ALTER TABLE marketplace.external_messages DROP CONSTRAINT external_messages_tenant_id_ticket_id_fkey;
ALTER TABLE marketplace.ticket_messages DROP CONSTRAINT ticket_messages_tenant_id_ticket_id_fkey;
ALTER TABLE marketplace.ticket_events DROP CONSTRAINT ticket_events_tenant_id_ticket_id_fkey;
ALTER TABLE marketplace.tickets DROP CONSTRAINT tickets_tenant_id_id_key, ADD CONSTRAINT tickets_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE marketplace.external_messages ADD CONSTRAINT external_messages_tenant_id_ticket_id_fkey
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id) NOT VALID;
ALTER TABLE marketplace.ticket_messages ADD CONSTRAINT ticket_messages_tenant_id_ticket_id_fkey
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id) NOT VALID;
ALTER TABLE marketplace.ticket_events ADD CONSTRAINT ticket_events_tenant_id_ticket_id_fkey
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES marketplace.tickets (tenant_id, id) NOT VALID;
