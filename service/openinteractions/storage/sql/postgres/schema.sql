-- What the migrations add up to, for people; nothing reads it but a test.

CREATE TABLE interactions (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Ids and owners are compared byte by byte, whatever the database's language.
    id text COLLATE "C" NOT NULL UNIQUE,
    -- Hash of the key that created it; empty without authentication.
    owner text COLLATE "C" NOT NULL,
    -- The interaction that it continues, among those that still exist.
    context_parent bigint REFERENCES interactions (key),
    -- A number of InteractionStatus.
    status integer NOT NULL,
    -- Whole seconds since 1970, UTC.
    created bigint NOT NULL,
    updated bigint NOT NULL,
    -- Where it was made, when that is another server with this same API: a JSON array
    -- of the members of a Remote. NULL for those that were made here.
    remote text,
    -- Which of its media are kept as objects: a JSON array of their names. NULL for
    -- none.
    attached text,
    -- Which attempts made its steps.
    attempts text NOT NULL,
    -- The Interaction without its steps and long echoes: an entry of the list.
    head bytea NOT NULL,
    -- A CreateInteractionRequest.
    request bytea NOT NULL,
    -- An Interaction with the steps of its output.
    interaction bytea NOT NULL,
    -- What of the two is long and says nothing to who continues the interaction: the
    -- same messages, with these members only. NULL where they are with the others.
    request_aside bytea,
    interaction_aside bytea
);

CREATE INDEX interactions_by_owner ON interactions (owner, id);

CREATE INDEX interactions_by_context_parent ON interactions (context_parent)
WHERE context_parent IS NOT NULL;

-- What has not ended, and who runs it. Beside the interactions, because it changes
-- often and they are long.
CREATE TABLE runs (
    key bigint PRIMARY KEY REFERENCES interactions (key) ON DELETE CASCADE,
    -- The interaction's.
    id text COLLATE "C" NOT NULL,
    -- How often it was claimed; only the last one's holder may write.
    epoch integer NOT NULL,
    -- Which process runs it, and until when (seconds since 1970, UTC, by the clock of
    -- this server) it does so in any case; `processes` may say for how much longer.
    -- NULL: nobody does. It waits, or else another server makes it.
    process text COLLATE "C",
    deadline double precision,
    -- Its turn, while it waits, and whose it takes.
    turn bigint,
    caller text COLLATE "C",
    -- What is asked of who runs it: 1 to cancel it, 2 to have its events logged.
    wishes integer NOT NULL DEFAULT 0,
    -- How many processes have lost it since it was last written.
    losses integer NOT NULL DEFAULT 0
) WITH (
    -- Every run leaves dead rows at the front of the queue, and few rows live.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000
);

CREATE INDEX runs_by_process ON runs (process) WHERE process IS NOT NULL;

CREATE INDEX runs_by_turn ON runs (turn, key) WHERE turn IS NOT NULL;

CREATE INDEX runs_by_caller ON runs (caller, turn) WHERE turn IS NOT NULL;

-- How long a process is believed to run what it has claimed.
CREATE TABLE processes (
    process text COLLATE "C" PRIMARY KEY,
    deadline double precision NOT NULL
);

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
