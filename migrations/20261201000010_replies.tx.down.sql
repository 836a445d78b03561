DROP TABLE marketplace.replies;
ALTER TABLE marketplace.external_messages DROP COLUMN recipient;
