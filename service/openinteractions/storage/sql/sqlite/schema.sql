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
    head BLOB NOT NULL,
    -- A CreateInteractionRequest.
    request BLOB NOT NULL,
    -- An Interaction with the steps of its output.
    interaction BLOB NOT NULL
, remote TEXT, attached TEXT, request_aside BLOB, interaction_aside BLOB, attempts TEXT) STRICT;

CREATE INDEX interactions_by_owner ON interactions (owner, id);

CREATE INDEX interactions_by_context_parent ON interactions (context_parent)
WHERE context_parent IS NOT NULL;

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

CREATE TABLE runs (
    key INTEGER PRIMARY KEY REFERENCES interactions (key) ON DELETE CASCADE,
    -- The interaction's.
    id TEXT NOT NULL,
    -- How often it was claimed; only the last one's holder may write.
    epoch INTEGER NOT NULL,
    -- Which process runs it, and until when (seconds since 1970, UTC) it does so in any
    -- case; `processes` may say for how much longer. NULL: nobody does. It waits, or
    -- else another server makes it.
    process TEXT,
    deadline REAL,
    -- Its turn, while it waits, and whose it takes.
    turn INTEGER,
    caller TEXT,
    -- What is asked of who runs it: 1 to cancel it, 2 to have its events logged.
    wishes INTEGER NOT NULL DEFAULT 0,
    -- How many processes have lost it since it was last written.
    losses INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX runs_by_process ON runs (process) WHERE process IS NOT NULL;

CREATE INDEX runs_by_turn ON runs (turn) WHERE turn IS NOT NULL;

CREATE INDEX runs_by_caller ON runs (caller, turn) WHERE turn IS NOT NULL;

CREATE TABLE processes (
    process TEXT PRIMARY KEY,
    deadline REAL NOT NULL
) STRICT, WITHOUT ROWID;
