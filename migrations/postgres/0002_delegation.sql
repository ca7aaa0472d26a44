-- Roles that an org defines itself, people who were invited, and who gave what to whom.

CREATE TABLE roles (
  id                    UUID PRIMARY KEY NOT NULL,
  org_id                UUID NOT NULL REFERENCES orgs(id),
  org_path              TEXT COLLATE "C" NOT NULL,
  name                  TEXT COLLATE "C" NOT NULL,
  description           TEXT COLLATE "C" NOT NULL DEFAULT '',
  permissions           TEXT COLLATE "C" NOT NULL,
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  UNIQUE (org_id, name)
);
CREATE INDEX roles_page ON roles (org_path, name);

-- The role 'own' is the one that role_id names.
ALTER TABLE grants ADD COLUMN role_id UUID REFERENCES roles(id);
CREATE INDEX grants_by_role ON grants (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX grants_by_giver ON grants (granted_by) WHERE granted_by IS NOT NULL;

ALTER TABLE accounts ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));
CREATE INDEX accounts_page ON accounts (org_path, name, id);
CREATE INDEX accounts_by_name ON accounts (name, id);

-- One-time links by which a person who was invited chooses a password.
CREATE TABLE account_links (
  digest                BYTEA PRIMARY KEY NOT NULL,
  account_id            UUID NOT NULL REFERENCES accounts(id),
  made_by               TEXT COLLATE "C" NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL,
  used_at               BIGINT
);
CREATE INDEX account_links_by_account ON account_links (account_id);
