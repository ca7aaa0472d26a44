-- Roles that an org defines itself, people who were invited, and who gave what to whom.

CREATE TABLE roles (
  id                    BLOB PRIMARY KEY NOT NULL,
  org_id                BLOB NOT NULL REFERENCES orgs(id),
  org_path              TEXT NOT NULL,
  name                  TEXT NOT NULL,
  description           TEXT NOT NULL DEFAULT '',
  permissions           TEXT NOT NULL,
  version               INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  UNIQUE (org_id, name)
) STRICT;
CREATE INDEX roles_page ON roles (org_path, name);

-- The role 'own' is the one that role_id names.
ALTER TABLE grants ADD COLUMN role_id BLOB REFERENCES roles(id);
CREATE INDEX grants_by_role ON grants (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX grants_by_giver ON grants (granted_by) WHERE granted_by IS NOT NULL;

ALTER TABLE accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));
CREATE INDEX accounts_page ON accounts (org_path, name, id);
CREATE INDEX accounts_by_name ON accounts (name, id);

-- One-time links by which a person who was invited chooses a password.
CREATE TABLE account_links (
  digest                BLOB PRIMARY KEY NOT NULL,
  account_id            BLOB NOT NULL REFERENCES accounts(id),
  made_by               TEXT NOT NULL,
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL,
  used_at               INTEGER
) STRICT;
CREATE INDEX account_links_by_account ON account_links (account_id);
