-- Times are microseconds since the epoch. A NULL limit or quota means unlimited. An org's path ends with a slash, so that
-- "inside this subtree" is a range on an index. The same names, in the same order, stand in migrations/postgres.

CREATE TABLE orgs (
  id                    BLOB PRIMARY KEY NOT NULL,
  parent_id             BLOB REFERENCES orgs(id),
  path                  TEXT NOT NULL UNIQUE,
  kind                  TEXT NOT NULL CHECK (kind IN ('provider', 'reseller', 'customer')),
  name                  TEXT NOT NULL,
  contact               TEXT NOT NULL DEFAULT '',
  external_id           TEXT,
  max_domains           INTEGER CHECK (max_domains >= 0),
  max_mailboxes         INTEGER CHECK (max_mailboxes >= 0),
  max_aliases           INTEGER CHECK (max_aliases >= 0),
  max_quota_bytes       INTEGER CHECK (max_quota_bytes >= 0),
  max_mailbox_bytes     INTEGER CHECK (max_mailbox_bytes >= 0),
  used_domains          INTEGER NOT NULL DEFAULT 0 CHECK (used_domains >= 0),
  used_mailboxes        INTEGER NOT NULL DEFAULT 0 CHECK (used_mailboxes >= 0),
  used_aliases          INTEGER NOT NULL DEFAULT 0 CHECK (used_aliases >= 0),
  used_quota_bytes      INTEGER NOT NULL DEFAULT 0 CHECK (used_quota_bytes >= 0),
  used_unlimited        INTEGER NOT NULL DEFAULT 0 CHECK (used_unlimited >= 0),
  suspended_at          INTEGER,
  suspended_reason      TEXT,
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  deleted_at            INTEGER,
  purge_at              INTEGER
) STRICT;
CREATE INDEX orgs_page ON orgs (name, id) WHERE deleted_at IS NULL;

CREATE TABLE domains (
  id                    BLOB PRIMARY KEY NOT NULL,
  org_id                BLOB NOT NULL REFERENCES orgs(id),
  org_path              TEXT NOT NULL,
  name                  TEXT NOT NULL,
  note                  TEXT NOT NULL DEFAULT '',
  external_id           TEXT,
  default_quota_bytes   INTEGER CHECK (default_quota_bytes >= 0),
  max_mailboxes         INTEGER CHECK (max_mailboxes >= 0),
  max_aliases           INTEGER CHECK (max_aliases >= 0),
  max_quota_bytes       INTEGER CHECK (max_quota_bytes >= 0),
  max_mailbox_bytes     INTEGER CHECK (max_mailbox_bytes >= 0),
  used_mailboxes        INTEGER NOT NULL DEFAULT 0 CHECK (used_mailboxes >= 0),
  used_aliases          INTEGER NOT NULL DEFAULT 0 CHECK (used_aliases >= 0),
  used_quota_bytes      INTEGER NOT NULL DEFAULT 0 CHECK (used_quota_bytes >= 0),
  used_unlimited        INTEGER NOT NULL DEFAULT 0 CHECK (used_unlimited >= 0),
  suspended_at          INTEGER,
  suspended_reason      TEXT,
  org_suspended         INTEGER NOT NULL DEFAULT 0 CHECK (org_suspended IN (0, 1)),
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  deleted_at            INTEGER,
  purge_at              INTEGER
) STRICT;
CREATE INDEX domains_page ON domains (org_path, name);
CREATE INDEX domains_by_name ON domains (name) WHERE deleted_at IS NULL;

-- Every name that is spoken for: domains and domain aliases, in use or in the bin. One row, one owner.
CREATE TABLE domain_names (
  name                  TEXT PRIMARY KEY NOT NULL,
  domain_id             BLOB NOT NULL REFERENCES domains(id),
  alias_id              BLOB UNIQUE,
  version               INTEGER NOT NULL DEFAULT 1,
  created_at            INTEGER NOT NULL
) STRICT;
CREATE INDEX domain_names_by_domain ON domain_names (domain_id, name);

CREATE TABLE nodes (
  id                    BLOB PRIMARY KEY NOT NULL,
  name                  TEXT NOT NULL UNIQUE,
  host                  TEXT NOT NULL,
  imap_port             INTEGER NOT NULL,
  pop3_port             INTEGER NOT NULL,
  sieve_port            INTEGER NOT NULL,
  lmtp_port             INTEGER NOT NULL,
  state                 TEXT NOT NULL CHECK (state IN ('up', 'drain', 'down')),
  placed                INTEGER NOT NULL DEFAULT 0,
  version               INTEGER NOT NULL
) STRICT;

CREATE TABLE mailboxes (
  id                    BLOB PRIMARY KEY NOT NULL,
  domain_id             BLOB NOT NULL REFERENCES domains(id),
  org_id                BLOB NOT NULL REFERENCES orgs(id),
  org_path              TEXT NOT NULL,
  domain                TEXT NOT NULL,
  local_part            TEXT NOT NULL,
  display_name          TEXT NOT NULL,
  password_hash         TEXT,
  quota_bytes           INTEGER CHECK (quota_bytes >= 0),
  imap                  INTEGER NOT NULL CHECK (imap IN (0, 1)),
  pop3                  INTEGER NOT NULL CHECK (pop3 IN (0, 1)),
  smtp                  INTEGER NOT NULL CHECK (smtp IN (0, 1)),
  sieve                 INTEGER NOT NULL CHECK (sieve IN (0, 1)),
  webmail               INTEGER NOT NULL CHECK (webmail IN (0, 1)),
  node                  TEXT NOT NULL,
  storage               TEXT NOT NULL UNIQUE,
  external_id           TEXT,
  labels                TEXT NOT NULL,
  suspended_at          INTEGER,
  suspended_reason      TEXT,
  suspended_receive     INTEGER NOT NULL DEFAULT 1 CHECK (suspended_receive IN (0, 1)),
  suspended_until       INTEGER,
  forward_to            TEXT,
  forward_keep          INTEGER NOT NULL DEFAULT 1 CHECK (forward_keep IN (0, 1)),
  forward_until         INTEGER,
  usage_bytes           INTEGER,
  usage_messages        INTEGER,
  usage_as_of           INTEGER,
  last_login_at         INTEGER,
  fullness              INTEGER NOT NULL DEFAULT 0,
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  deleted_at            INTEGER,
  purge_at              INTEGER,
  deleted_with          BLOB
) STRICT;
CREATE INDEX mailboxes_page ON mailboxes (org_path, domain, local_part) WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_full ON mailboxes (domain_id, fullness DESC, id) WHERE deleted_at IS NULL AND fullness >= 800;
CREATE INDEX mailboxes_suspended ON mailboxes (org_path, domain, local_part) WHERE deleted_at IS NULL AND suspended_at IS NOT NULL;
CREATE INDEX mailboxes_bin ON mailboxes (org_path, domain, local_part, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX mailboxes_purge ON mailboxes (purge_at) WHERE purge_at IS NOT NULL;
CREATE INDEX mailboxes_due ON mailboxes (forward_until) WHERE forward_until IS NOT NULL;
CREATE INDEX mailboxes_resume ON mailboxes (suspended_until) WHERE suspended_until IS NOT NULL;

CREATE TABLE aliases (
  id                    BLOB PRIMARY KEY NOT NULL,
  domain_id             BLOB NOT NULL REFERENCES domains(id),
  org_id                BLOB NOT NULL REFERENCES orgs(id),
  org_path              TEXT NOT NULL,
  domain                TEXT NOT NULL,
  local_part            TEXT NOT NULL,
  description           TEXT NOT NULL,
  enabled               INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  external_id           TEXT,
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  deleted_at            INTEGER,
  purge_at              INTEGER,
  deleted_with          BLOB
) STRICT;
CREATE INDEX aliases_page ON aliases (org_path, domain, local_part) WHERE deleted_at IS NULL;
CREATE INDEX aliases_bin ON aliases (org_path, domain, local_part, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX aliases_purge ON aliases (purge_at) WHERE purge_at IS NOT NULL;

CREATE TABLE alias_destinations (
  alias_id              BLOB NOT NULL REFERENCES aliases(id) ON DELETE CASCADE,
  destination           TEXT NOT NULL,
  PRIMARY KEY (alias_id, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_destinations_by_destination ON alias_destinations (destination);

-- Every address in use, once: a mailbox, an alias or (with an empty local part) a catch-all.
CREATE TABLE addresses (
  domain                TEXT NOT NULL,
  local_part            TEXT NOT NULL,
  kind                  TEXT NOT NULL CHECK (kind IN ('mailbox', 'alias')),
  object_id             BLOB NOT NULL,
  PRIMARY KEY (domain, local_part)
) STRICT, WITHOUT ROWID;

-- Where a renamed mailbox used to be found.
CREATE TABLE former_addresses (
  domain                TEXT NOT NULL,
  local_part            TEXT NOT NULL,
  mailbox_id            BLOB NOT NULL REFERENCES mailboxes(id) ON DELETE CASCADE,
  renamed_at            INTEGER NOT NULL,
  PRIMARY KEY (domain, local_part)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_addresses_by_mailbox ON former_addresses (mailbox_id);

CREATE TABLE accounts (
  id                    BLOB PRIMARY KEY NOT NULL,
  org_id                BLOB NOT NULL REFERENCES orgs(id),
  org_path              TEXT NOT NULL,
  email                 TEXT NOT NULL UNIQUE,
  name                  TEXT NOT NULL,
  password_hash         TEXT,
  access_version        INTEGER NOT NULL DEFAULT 1,
  suspended_at          INTEGER,
  theme                 TEXT NOT NULL DEFAULT 'system',
  density               TEXT NOT NULL DEFAULT 'comfortable',
  shortcuts             INTEGER NOT NULL DEFAULT 1 CHECK (shortcuts IN (0, 1)),
  last_sign_in_at       INTEGER,
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL
) STRICT;

CREATE TABLE grants (
  id                    BLOB PRIMARY KEY NOT NULL,
  account_id            BLOB NOT NULL REFERENCES accounts(id),
  role                  TEXT NOT NULL,
  scope                 TEXT NOT NULL CHECK (scope IN ('system', 'org', 'domain')),
  org_id                BLOB REFERENCES orgs(id),
  domain_id             BLOB REFERENCES domains(id),
  expires_at            INTEGER,
  granted_by            BLOB,
  reason                TEXT NOT NULL DEFAULT '',
  created_at            INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_by_account ON grants (account_id, id);
CREATE INDEX grants_by_org ON grants (org_id) WHERE org_id IS NOT NULL;
CREATE INDEX grants_by_domain ON grants (domain_id) WHERE domain_id IS NOT NULL;

CREATE TABLE tokens (
  id                    BLOB PRIMARY KEY NOT NULL,
  account_id            BLOB NOT NULL REFERENCES accounts(id),
  name                  TEXT NOT NULL,
  digest                BLOB NOT NULL UNIQUE,
  hint                  TEXT NOT NULL,
  read_only             INTEGER NOT NULL CHECK (read_only IN (0, 1)),
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL,
  last_used_at          INTEGER,
  revoked_at            INTEGER
) STRICT;
CREATE INDEX tokens_by_account ON tokens (account_id, id);

CREATE TABLE sessions (
  digest                BLOB PRIMARY KEY NOT NULL,
  account_id            BLOB,
  data                  TEXT NOT NULL,
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links: the first operator's set-up, and mailbox owners choosing a password.
CREATE TABLE setup_links (
  digest                BLOB PRIMARY KEY NOT NULL,
  purpose               TEXT NOT NULL CHECK (purpose IN ('first_operator', 'mailbox_password')),
  mailbox_id            BLOB REFERENCES mailboxes(id) ON DELETE CASCADE,
  made_by               TEXT NOT NULL,
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL,
  used_at               INTEGER
) STRICT;
CREATE INDEX setup_links_by_mailbox ON setup_links (mailbox_id) WHERE mailbox_id IS NOT NULL;

-- The audit. A row is written in the transaction of the change it speaks of, and never changed.
CREATE TABLE events (
  id                    BLOB PRIMARY KEY NOT NULL,
  at                    INTEGER NOT NULL,
  kind                  TEXT NOT NULL,
  org_path              TEXT NOT NULL,
  domain_id             BLOB,
  subject_kind          TEXT NOT NULL,
  subject_id            BLOB NOT NULL,
  subject               TEXT NOT NULL,
  actor_id              BLOB,
  actor                 TEXT NOT NULL,
  credential            TEXT NOT NULL,
  request_id            TEXT NOT NULL,
  detail                TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject_id, id);
CREATE INDEX events_by_domain ON events (domain_id, id) WHERE domain_id IS NOT NULL;
CREATE INDEX events_by_org ON events (org_path, id);
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

CREATE TABLE targets (
  id                    BLOB PRIMARY KEY NOT NULL,
  name                  TEXT NOT NULL UNIQUE,
  engine                TEXT NOT NULL,
  enabled               INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  holder                BLOB,
  epoch                 INTEGER NOT NULL DEFAULT 0,
  leased_until          INTEGER NOT NULL DEFAULT 0,
  failing_since         INTEGER,
  failures              INTEGER NOT NULL DEFAULT 0,
  error_class           TEXT,
  error                 TEXT,
  last_ok_at            INTEGER
) STRICT;

-- What each target should hold of each object and what it does hold. A pending row is the outbox note.
CREATE TABLE projections (
  object_id             BLOB NOT NULL,
  target_id             BLOB NOT NULL REFERENCES targets(id),
  kind                  TEXT NOT NULL CHECK (kind IN ('node', 'domain', 'domain_alias', 'mailbox', 'alias')),
  wanted                INTEGER NOT NULL,
  applied               INTEGER NOT NULL DEFAULT 0,
  pending_since         INTEGER,
  due_at                INTEGER NOT NULL DEFAULT 0,
  tries                 INTEGER NOT NULL DEFAULT 0,
  parked                INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),
  error_class           TEXT,
  error                 TEXT,
  synced_at             INTEGER,
  PRIMARY KEY (object_id, target_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX projections_due ON projections (target_id, due_at) WHERE pending_since IS NOT NULL AND NOT parked;
CREATE INDEX projections_open ON projections (object_id) WHERE pending_since IS NOT NULL;
CREATE INDEX projections_parked ON projections (target_id) WHERE parked;

-- Words by which a thing is found: prefixes of these, inside what the asker can see.
CREATE TABLE search_terms (
  object_id             BLOB NOT NULL,
  term                  TEXT NOT NULL,
  kind                  TEXT NOT NULL,
  org_path              TEXT NOT NULL,
  domain                TEXT NOT NULL,
  title                 TEXT NOT NULL,
  subtitle              TEXT NOT NULL,
  deleted               INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  PRIMARY KEY (object_id, term)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_terms_everywhere ON search_terms (term, object_id);
CREATE INDEX search_terms_inside ON search_terms (org_path, domain, term);

-- The answer to a request that carried an Idempotency-Key, in the transaction of what it did.
CREATE TABLE idempotency (
  owner                 BLOB NOT NULL,
  route                 TEXT NOT NULL,
  key                   TEXT NOT NULL,
  request_hash          BLOB NOT NULL,
  status                INTEGER,
  headers               TEXT,
  body                  TEXT,
  created_at            INTEGER NOT NULL,
  PRIMARY KEY (owner, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
