-- Roles for the daemons: Postfix (no password hashes), Dovecot (reads hashes, writes usage and last login), OpenDKIM.
CREATE USER 'cluster_mta'@'%' IDENTIFIED BY '{mta_password}';
CREATE USER 'cluster_imap'@'%' IDENTIFIED BY '{imap_password}';
CREATE USER 'cluster_dkim'@'%' IDENTIFIED BY '{dkim_password}';
GRANT SELECT ON `{database}`.mta_domains TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.mta_virtual TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.mta_mailboxes TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.mta_rcpt_access TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.mta_senders TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.bcc_rules TO 'cluster_mta'@'%';
GRANT SELECT ON `{database}`.imap_users TO 'cluster_imap'@'%';
GRANT SELECT ON `{database}`.imap_app_logins TO 'cluster_imap'@'%';
GRANT SELECT ON `{database}`.imap_sieve TO 'cluster_imap'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.quota_usage TO 'cluster_imap'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.last_login TO 'cluster_imap'@'%';
GRANT SELECT ON `{database}`.dkim_signing TO 'cluster_dkim'@'%';
