-- The times in which somebody of the desk looked after a customer.
CREATE TABLE acting (
  id                    BLOB PRIMARY KEY NOT NULL,
  account_id            BLOB NOT NULL REFERENCES accounts(id),
  name                  TEXT NOT NULL,
  org_id                BLOB NOT NULL,
  reason                TEXT NOT NULL,
  ticket                TEXT NOT NULL,
  started_at            INTEGER NOT NULL,
  ends_at               INTEGER NOT NULL,
  ended_at              INTEGER
) STRICT;
CREATE INDEX acting_by_org ON acting (org_id, started_at);
CREATE INDEX acting_by_account ON acting (account_id);

-- What a caller reads out to the desk, once, to show who they are.
CREATE TABLE caller_codes (
  account_id            BLOB PRIMARY KEY NOT NULL REFERENCES accounts(id),
  digest                BLOB NOT NULL,
  expires_at            INTEGER NOT NULL,
  tries                 INTEGER NOT NULL DEFAULT 0,
  used_at               INTEGER
) STRICT;
