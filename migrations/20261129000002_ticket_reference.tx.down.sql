-- The constraints are what they were. That their index was made later than others is nothing to take back.
SELECT 1;
