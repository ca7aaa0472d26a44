-- Each entry of the audit is numbered without gaps and carries the hash of the one before it, so that what is changed
-- or taken away later shows. Entries of before have no number until the next start gives them one.
ALTER TABLE events ADD COLUMN seq BIGINT;
ALTER TABLE events ADD COLUMN detail_hash BYTEA;
ALTER TABLE events ADD COLUMN hash BYTEA;
CREATE UNIQUE INDEX events_by_seq ON events (seq);

-- The newest entry. Whoever appends holds this row until the end of their transaction.
CREATE TABLE audit_head (
  id                    TEXT COLLATE "C" PRIMARY KEY NOT NULL CHECK (id = 'head'),
  seq                   BIGINT NOT NULL,
  hash                  BYTEA NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES ('head', 0, decode(repeat('00', 32), 'hex'));

-- An entry follows the newest one.
CREATE FUNCTION audit_follows_the_head() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.seq IS DISTINCT FROM (SELECT seq + 1 FROM audit_head) OR length(NEW.hash) IS DISTINCT FROM 32
      OR length(NEW.detail_hash) IS DISTINCT FROM 32 THEN
      RAISE EXCEPTION 'an entry of the audit must follow the newest one';
    END IF;
    RETURN NEW;
  END $$;
CREATE TRIGGER events_follow_the_head BEFORE INSERT ON events
  FOR EACH ROW EXECUTE FUNCTION audit_follows_the_head();
CREATE FUNCTION audit_moves_the_head() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NULL;
  END $$;
CREATE TRIGGER events_move_the_head AFTER INSERT OR UPDATE ON events
  FOR EACH ROW EXECUTE FUNCTION audit_moves_the_head();

-- The one change that an entry sees is that it gets its number, once.
DROP TRIGGER events_are_never_changed ON events;
CREATE FUNCTION audit_only_numbers_once() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.seq IS NOT NULL OR NEW.seq IS DISTINCT FROM (SELECT seq + 1 FROM audit_head)
      OR length(NEW.hash) IS DISTINCT FROM 32 OR length(NEW.detail_hash) IS DISTINCT FROM 32
      OR to_jsonb(NEW) - 'seq' - 'hash' - 'detail_hash' <> to_jsonb(OLD) - 'seq' - 'hash' - 'detail_hash' THEN
      RAISE EXCEPTION 'the audit is append-only';
    END IF;
    RETURN NEW;
  END $$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
  FOR EACH ROW EXECUTE FUNCTION audit_only_numbers_once();
CREATE TRIGGER events_are_never_deleted BEFORE DELETE OR TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_the_audit();

-- The head moves on by one, to an entry that is there.
CREATE FUNCTION audit_head_moves_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT (NEW.seq = OLD.seq AND NEW.hash = OLD.hash)
      AND NOT (NEW.seq = OLD.seq + 1 AND EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq AND hash = NEW.hash)) THEN
      RAISE EXCEPTION 'the head of the audit only moves on by one';
    END IF;
    RETURN NEW;
  END $$;
CREATE TRIGGER audit_head_moves_by_one BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_head_moves_by_one();
CREATE TRIGGER audit_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_the_audit();
