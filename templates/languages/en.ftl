# Letters. Every kind has a subject and an intro; a button or a code follows, then what one has to know.

letter-hello = Hello { $name },
letter-link = The link works once, until { $until }. Whoever has it can use it, so pass it on to nobody.
letter-link-minutes = The link works once, for { $minutes } minutes. Whoever has it can use it, so pass it on to nobody.
letter-link-plain = If the button does not work, open this address:
letter-sign-in = You sign in as { $address }.

letter-invitation-subject = { $who } invites you to manage mail
letter-invitation-intro = { $who } invites you to manage mail at { $portal }.
letter-invitation-list = What you are invited to:
letter-invitation-button = Choose your password
letter-invitation-end = If you did not expect this, do nothing: without a password nobody gets in.

letter-caller-code-subject = Your code for support
letter-caller-code-intro = { $who } asked for this letter to be sure that it is you on the telephone. Read this code out:
letter-caller-code-note = It is good once, for { $minutes } minutes. If two letters came, the later one counts.
letter-caller-code-end = If you are not on the telephone with support just now, tell nobody the code.

letter-password-reset-subject = Choose a new password
letter-password-reset-intro = { $who } asked for a new password for { $portal }.
letter-password-reset-button = Choose a new password
letter-password-reset-end = If it was not you and you know nothing of it, do nothing: your password stays as it is.

letter-address-proof-subject = Is this your new address?
letter-address-proof-intro = Somebody who is signed in at { $portal } wants to sign in with this address from now on.
letter-address-proof-button = Yes, it is mine
letter-address-proof-end = If it was not you, do nothing: nothing changes.

letter-password-changed-subject = Your password was changed
letter-password-changed-intro = Your password for { $portal } was changed. Everybody who was signed in as you has to sign in again.
letter-password-changed-end = If it was not you, tell whoever looks after { $portal } at once.

letter-address-changed-subject = Your sign-in address was changed
letter-address-changed-intro = This address no longer signs in at { $portal }: from now on another address does.
letter-address-changed-end = If it was not you, tell whoever looks after { $portal } at once.

# What somebody may do. To be read after "you may".

role-line = { $role } on { $scope }: you may { $powers }.
role-nothing = do nothing
list-and = { $most } and { $last }

may-org-read = see customers and their limits
may-org-create = add customers
may-org-update = change customers
may-org-suspend = suspend and resume customers
may-org-delete = delete and restore customers
may-limits-assign = set the limits of customers and domains
may-domain-read = see domains
may-domain-create = add domains
may-domain-update = change the settings of domains
may-domain-suspend = suspend and resume domains
may-domain-delete = delete and restore domains
may-domain-transfer = hand domains to other customers
may-mailbox-read = see mailboxes
may-mailbox-create = add mailboxes
may-mailbox-update = change mailboxes and their forwarding
may-mailbox-suspend = suspend and resume mailboxes
may-mailbox-delete = delete and restore mailboxes
may-mailbox-rename = rename mailboxes
may-mailbox-reset-password = reset the passwords of mailboxes
may-mailbox-set-quota = change the quotas of mailboxes
may-alias-read = see aliases
may-alias-write = add and change aliases
may-alias-delete = delete and restore aliases
may-alias-external = send mail on to addresses outside
may-alias-catch-all = set the catch-all of a domain
may-account-read = see who can manage
may-account-invite = invite people who manage
may-account-update = change people who manage
may-account-suspend = suspend people who manage
may-grant-manage = give and take roles
may-role-manage = define roles of their own
may-token-manage-own = make and revoke their own API tokens
may-token-manage-any = look after service accounts and revoke the API tokens of others
may-support-assist = look after customers as their support
may-audit-read = see what happened
may-audit-export = export what happened, and check that nobody changed it
may-hash-import = set passwords as imported hashes
may-provisioning-read = see the targets and their backlog
may-provisioning-repair = retry and resync targets
may-system-manage = manage the installation
