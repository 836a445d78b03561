-- The queue has a schema of its own. What is in it River makes itself, right after this file: see river.go.
CREATE SCHEMA IF NOT EXISTS river;
