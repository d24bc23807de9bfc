-- Files, and the uploads that they come from.

CREATE TABLE files (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    -- Hash of the key that uploaded it; empty without authentication.
    owner text COLLATE "C" NOT NULL,
    -- When it is to be removed, seconds since 1970.
    expires double precision NOT NULL,
    -- A File without its addresses.
    file bytea NOT NULL
);

CREATE INDEX files_by_owner ON files (owner, id);

CREATE INDEX files_by_expires ON files (expires);

CREATE TABLE uploads (
    -- A digest of its id, which is a secret.
    key text COLLATE "C" PRIMARY KEY,
    -- The id of the file that it will be.
    file_id text COLLATE "C" NOT NULL,
    -- Hash of the key that began it; empty without authentication.
    owner text COLLATE "C" NOT NULL,
    -- A number of UploadState.
    state integer NOT NULL,
    -- How many writers it has had; only the last may write.
    epoch integer NOT NULL,
    -- How many bytes are there for certain, and what the objects note beside.
    received bigint NOT NULL,
    progress text NOT NULL,
    -- When it is to be removed, seconds since 1970.
    expires double precision NOT NULL,
    -- A File with what is known so far.
    file bytea NOT NULL
);

CREATE INDEX uploads_by_file ON uploads (file_id);

CREATE INDEX uploads_by_expires ON uploads (expires);
