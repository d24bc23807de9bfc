-- Which media of an interaction are kept as objects: a JSON array of their names. NULL
-- for none.

ALTER TABLE interactions ADD COLUMN attached TEXT;
