-- The mails that Postdesk itself writes. None holds a secret: the link in it is made while it is sent.

CREATE TABLE letters (
  id                    UUID PRIMARY KEY NOT NULL,
  kind                  TEXT COLLATE "C" NOT NULL,
  account_id            UUID NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  recipient             TEXT COLLATE "C" NOT NULL,
  asked_by              TEXT COLLATE "C" NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL,
  state                 TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
  due_at                BIGINT NOT NULL,
  tries                 BIGINT NOT NULL DEFAULT 0,
  trouble               TEXT COLLATE "C" NOT NULL DEFAULT '',
  settled_at            BIGINT
);
CREATE INDEX letters_due ON letters (due_at) WHERE state = 'waiting';
CREATE INDEX letters_of_account ON letters (account_id, created_at);
CREATE INDEX letters_settled ON letters (settled_at) WHERE settled_at IS NOT NULL;
