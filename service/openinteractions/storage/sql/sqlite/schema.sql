-- What the migrations add up to, for people; nothing reads it but a test.

CREATE TABLE interactions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- Hash of the key that created it; empty without authentication.
    owner TEXT NOT NULL,
    -- The interaction that it continues, among those that still exist.
    context_parent INTEGER REFERENCES interactions (key),
    -- A number of InteractionStatus.
    status INTEGER NOT NULL,
    -- Whole seconds since 1970, UTC.
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    -- While it runs: which process runs it, in which life of that process, and until
    -- when (seconds since 1970) it counts as alive unless that is moved. NULL at the
    -- end.
    process TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    deadline REAL,
    -- The Interaction without its steps and long echoes: an entry of the list. It
    -- comes before what is long, because the way to a column is through the others.
    head BLOB NOT NULL,
    -- A CreateInteractionRequest.
    request BLOB NOT NULL,
    -- An Interaction with the steps of its output.
    interaction BLOB NOT NULL
, remote TEXT, attached TEXT) STRICT;

CREATE INDEX interactions_by_owner ON interactions (owner, id);

CREATE INDEX interactions_by_context_parent ON interactions (context_parent)
WHERE context_parent IS NOT NULL;

CREATE INDEX interactions_by_deadline ON interactions (deadline)
WHERE deadline IS NOT NULL;

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

CREATE TABLE events (
    key INTEGER PRIMARY KEY,
    interaction INTEGER NOT NULL REFERENCES interactions (key) ON DELETE CASCADE,
    -- Which claim of the interaction its writer held.
    epoch INTEGER NOT NULL,
    -- Which batch of that claim it is.
    number INTEGER NOT NULL,
    -- Whether it has all events so far: those before it are then gone.
    whole INTEGER NOT NULL,
    -- Each event with its length before it.
    events BLOB NOT NULL,
    UNIQUE (interaction, epoch, number)
) STRICT;
