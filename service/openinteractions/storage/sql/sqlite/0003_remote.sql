-- Where an interaction was made, when that is another server with this same API: a
-- JSON array of the members of a Remote. NULL for those that were made here.

ALTER TABLE interactions ADD COLUMN remote TEXT;
