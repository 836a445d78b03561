-- River has taken back what was its own, right before this file: see river.go.
DROP SCHEMA river;
