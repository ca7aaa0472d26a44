-- Links for a new password and for a new address beside those of invitations, and the language of people.

ALTER TABLE account_links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'invitation'
  CHECK (purpose IN ('invitation', 'reset', 'address'));
-- The new address that a link proves.
ALTER TABLE account_links ADD COLUMN email TEXT;

ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
