-- Roles for the daemons: Postfix (no password hashes), Dovecot (reads hashes, writes usage and last login), OpenDKIM.
CREATE ROLE cluster_mta  LOGIN PASSWORD '{mta_password}'  CONNECTION LIMIT 200;
CREATE ROLE cluster_imap LOGIN PASSWORD '{imap_password}' CONNECTION LIMIT 200;
CREATE ROLE cluster_dkim LOGIN PASSWORD '{dkim_password}' CONNECTION LIMIT 50;
GRANT SELECT ON mta_domains, mta_virtual, mta_mailboxes, mta_rcpt_access, mta_senders, bcc_rules TO cluster_mta;
GRANT SELECT ON imap_users, imap_app_logins, imap_sieve TO cluster_imap;
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_usage, last_login TO cluster_imap;
GRANT SELECT ON dkim_signing TO cluster_dkim;
