-- What of a request, and of the interaction that repeats it, is long and says nothing
-- to who continues it: the same messages, with these members only. NULL where they
-- are with the others. After the other columns, so that a conversation is read
-- without them.

ALTER TABLE interactions ADD COLUMN request_aside BLOB;

ALTER TABLE interactions ADD COLUMN interaction_aside BLOB;
