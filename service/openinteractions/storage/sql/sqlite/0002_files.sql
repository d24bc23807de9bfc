-- Files, and the uploads that they come from.

CREATE TABLE files (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- Hash of the key that uploaded it; empty without authentication.
    owner TEXT NOT NULL,
    -- When it is to be removed, seconds since 1970.
    expires REAL NOT NULL,
    -- A File without its addresses.
    file BLOB NOT NULL
) STRICT;

CREATE INDEX files_by_owner ON files (owner, id);

CREATE INDEX files_by_expires ON files (expires);

CREATE TABLE uploads (
    -- A digest of its id, which is a secret.
    key TEXT PRIMARY KEY,
    -- The id of the file that it will be.
    file_id TEXT NOT NULL,
    -- Hash of the key that began it; empty without authentication.
    owner TEXT NOT NULL,
    -- A number of UploadState.
    state INTEGER NOT NULL,
    -- How many writers it has had; only the last may write.
    epoch INTEGER NOT NULL,
    -- How many bytes are there for certain, and what the objects note beside.
    received INTEGER NOT NULL,
    progress TEXT NOT NULL,
    -- When it is to be removed, seconds since 1970.
    expires REAL NOT NULL,
    -- A File with what is known so far.
    file BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_by_file ON uploads (file_id);

CREATE INDEX uploads_by_expires ON uploads (expires);
