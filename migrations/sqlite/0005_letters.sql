-- The mails that Postdesk itself writes. None holds a secret: the link in it is made while it is sent.

CREATE TABLE letters (
  id                    BLOB PRIMARY KEY NOT NULL,
  kind                  TEXT NOT NULL,
  account_id            BLOB NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  recipient             TEXT NOT NULL,
  asked_by              TEXT NOT NULL,
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL,
  state                 TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
  due_at                INTEGER NOT NULL,
  tries                 INTEGER NOT NULL DEFAULT 0,
  trouble               TEXT NOT NULL DEFAULT '',
  settled_at            INTEGER
) STRICT;
CREATE INDEX letters_due ON letters (due_at) WHERE state = 'waiting';
CREATE INDEX letters_of_account ON letters (account_id, created_at);
CREATE INDEX letters_settled ON letters (settled_at) WHERE settled_at IS NOT NULL;
