# Briefe. Jede Art hat einen Betreff und einen Anfang; es folgt ein Knopf oder ein Code, dann was man wissen muss.

letter-hello = Guten Tag { $name },
letter-link = Der Link gilt einmal, bis { $until }. Wer ihn hat, kann ihn benutzen: Geben Sie ihn niemandem weiter.
letter-link-minutes = Der Link gilt einmal, { $minutes } Minuten lang. Wer ihn hat, kann ihn benutzen: Geben Sie ihn niemandem weiter.
letter-link-plain = Wenn der Knopf nicht geht, öffnen Sie diese Adresse:
letter-sign-in = Sie melden sich an als { $address }.

letter-invitation-subject = { $who } lädt Sie ein, E-Mail zu verwalten
letter-invitation-intro = { $who } lädt Sie ein, auf { $portal } E-Mail zu verwalten.
letter-invitation-list = Dazu sind Sie eingeladen:
letter-invitation-button = Passwort wählen
letter-invitation-end = Wenn Sie das nicht erwartet haben, tun Sie nichts: Ohne Passwort kommt niemand hinein.

letter-caller-code-subject = Ihr Code für den Support
letter-caller-code-intro = { $who } hat diesen Brief angefordert, um sicher zu sein, dass wirklich Sie am Telefon sind. Lesen Sie diesen Code vor:
letter-caller-code-note = Er gilt einmal, { $minutes } Minuten lang. Wenn zwei Briefe kamen, zählt der spätere.
letter-caller-code-end = Wenn Sie gerade nicht mit dem Support telefonieren, sagen Sie den Code niemandem.

letter-password-reset-subject = Neues Passwort wählen
letter-password-reset-intro = { $who } hat um ein neues Passwort für { $portal } gebeten.
letter-password-reset-button = Neues Passwort wählen
letter-password-reset-end = Wenn Sie es nicht waren und nichts davon wissen, tun Sie nichts: Ihr Passwort bleibt, wie es ist.

letter-address-proof-subject = Ist das Ihre neue Adresse?
letter-address-proof-intro = Jemand, der auf { $portal } angemeldet ist, möchte sich von nun an mit dieser Adresse anmelden.
letter-address-proof-button = Ja, das ist meine
letter-address-proof-end = Wenn Sie es nicht waren, tun Sie nichts: Es ändert sich nichts.

letter-password-changed-subject = Ihr Passwort wurde geändert
letter-password-changed-intro = Ihr Passwort für { $portal } wurde geändert. Wer als Sie angemeldet war, muss sich neu anmelden.
letter-password-changed-end = Wenn Sie es nicht waren, sagen Sie es sofort denen, die { $portal } betreuen.

letter-address-changed-subject = Ihre Anmeldeadresse wurde geändert
letter-address-changed-intro = Mit dieser Adresse meldet sich auf { $portal } niemand mehr an: Von nun an gilt eine andere.
letter-address-changed-end = Wenn Sie es nicht waren, sagen Sie es sofort denen, die { $portal } betreuen.

# Was jemand darf. Zu lesen nach „Sie dürfen“.

role-line = { $role } für { $scope }: Sie dürfen { $powers }.
role-nothing = nichts tun
list-and = { $most } und { $last }

may-org-read = Kunden und ihre Grenzen sehen
may-org-create = Kunden anlegen
may-org-update = Kunden ändern
may-org-suspend = Kunden sperren und entsperren
may-org-delete = Kunden löschen und wiederherstellen
may-limits-assign = Kunden und Domains Grenzen setzen
may-domain-read = Domains sehen
may-domain-create = Domains anlegen
may-domain-update = die Einstellungen von Domains ändern
may-domain-suspend = Domains sperren und entsperren
may-domain-delete = Domains löschen und wiederherstellen
may-domain-transfer = Domains anderen Kunden übergeben
may-mailbox-read = Postfächer sehen
may-mailbox-create = Postfächer anlegen
may-mailbox-update = Postfächer und ihre Weiterleitung ändern
may-mailbox-suspend = Postfächer sperren und entsperren
may-mailbox-delete = Postfächer löschen und wiederherstellen
may-mailbox-rename = Postfächer umbenennen
may-mailbox-reset-password = die Passwörter von Postfächern neu setzen
may-mailbox-set-quota = die Kontingente von Postfächern ändern
may-alias-read = Aliasse sehen
may-alias-write = Aliasse anlegen und ändern
may-alias-delete = Aliasse löschen und wiederherstellen
may-alias-external = Mail an Adressen außerhalb weiterleiten
may-alias-catch-all = die Sammeladresse einer Domain setzen
may-account-read = sehen, wer verwalten kann
may-account-invite = Personen einladen, die verwalten
may-account-update = Personen ändern, die verwalten
may-account-suspend = Personen sperren, die verwalten
may-grant-manage = Rollen geben und nehmen
may-role-manage = eigene Rollen festlegen
may-token-manage-own = eigene API-Tokens anlegen und widerrufen
may-token-manage-any = Dienstkonten betreuen und die API-Tokens anderer widerrufen
may-support-assist = Kunden als ihr Support betreuen
may-audit-read = sehen, was geschehen ist
may-audit-export = das Geschehene exportieren und prüfen, ob jemand es verändert hat
may-hash-import = Passwörter als fertige Hashes setzen
may-provisioning-read = die Ziele und ihren Rückstand sehen
may-provisioning-repair = Ziele erneut versuchen und abgleichen
may-system-manage = die Installation verwalten
