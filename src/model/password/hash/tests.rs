//! Which hashes come in.

use proptest::prelude::*;

use super::*;

const SALT: &str = "c29tZXNhbHQ"; // 8 bytes
const OUTPUT: &str = "AAAAAAAAAAAAAAAAAAAAAA"; // 16 bytes
const BCRYPT: &str = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"; // 53 characters

fn argon2id(costs: &str) -> String {
    format!("{{ARGON2ID}}$argon2id$v=19${costs}${SALT}${OUTPUT}")
}

fn bcrypt(start: &str) -> String {
    format!("{{BLF-CRYPT}}{start}{BCRYPT}")
}

fn sha512(start: &str) -> String {
    format!("{{SHA512-CRYPT}}{start}${}", "d".repeat(86))
}

fn outcome(text: &str) -> String {
    match text.parse::<MailboxHash>() {
        Ok(hash) => {
            assert_eq!(hash.expose(), text);
            hash.scheme().to_owned()
        }
        Err(problem) => problem.code().to_owned(),
    }
}

#[test]
fn argon2id_comes_in_within_its_bounds() {
    let costs = [
        ("m=19456,t=2,p=1", true),
        ("m=65536,t=3,p=1", true),
        ("m=12288,t=1,p=1", true),
        ("m=131072,t=6,p=4", true),
        ("m=12287,t=1,p=1", false),
        ("m=131073,t=1,p=1", false),
        ("m=4294967296,t=1,p=1", false),
        ("m=65536,t=0,p=1", false),
        ("m=65536,t=7,p=1", false),
        ("m=65536,t=3,p=0", false),
        ("m=65536,t=3,p=5", false),
        ("m=065536,t=3,p=1", false),
        ("m=+65536,t=3,p=1", false),
        ("m=-1,t=3,p=1", false),
        ("m=,t=3,p=1", false),
        ("m=0x10000,t=3,p=1", false),
        ("t=3,m=65536,p=1", false),
        ("m=65536,t=3", false),
        ("m=65536,t=3,p=1,keyid=x", false),
        ("m=65536, t=3,p=1", false),
        ("M=65536,T=3,P=1", false),
        ("", false),
    ];
    for (costs, good) in costs {
        assert_eq!(argon2id(costs).parse::<MailboxHash>().is_ok(), good, "{costs}");
    }
}

#[test]
fn argon2id_needs_its_version_salt_and_output() {
    let costs = "m=65536,t=3,p=1";
    let table = [
        (format!("$argon2id$v=19${costs}${SALT}${}", "A".repeat(43)), true),
        (format!("$argon2id$v=16${costs}${SALT}${OUTPUT}"), false),
        (format!("$argon2id${costs}${SALT}${OUTPUT}"), false),
        (format!("$argon2i$v=19${costs}${SALT}${OUTPUT}"), false),
        (format!("$argon2d$v=19${costs}${SALT}${OUTPUT}"), false),
        (format!("argon2id$v=19${costs}${SALT}${OUTPUT}"), false),
        (format!("$argon2id$v=19${costs}$c29tZXNhbA${OUTPUT}"), false), // 7 bytes
        (format!("$argon2id$v=19${costs}$${OUTPUT}"), false),
        (
            format!("$argon2id$v=19${costs}${SALT}$AAAAAAAAAAAAAAAAAAAA"),
            false,
        ), // 15 bytes
        (format!("$argon2id$v=19${costs}${SALT}$"), false),
        (format!("$argon2id$v=19${costs}${SALT}"), false),
        (format!("$argon2id$v=19${costs}${SALT}${OUTPUT}$"), false),
        (format!("$argon2id$v=19${costs}${SALT}=${OUTPUT}"), false),
        (format!("$argon2id$v=19${costs}${SALT}${OUTPUT}=="), false),
        (
            format!("$argon2id$v=19${costs}${SALT}$AAAAAAAAAAAAAAAAAAAAAB"),
            false,
        ), // loose bits
        (format!("$argon2id$v=19${costs}$c29tZXNhb_Q${OUTPUT}"), false),
    ];
    for (body, good) in table {
        assert_eq!(
            format!("{{ARGON2ID}}{body}").parse::<MailboxHash>().is_ok(),
            good,
            "{body}"
        );
    }
}

#[test]
fn bcrypt_comes_in_within_its_bounds() {
    let table = [
        ("$2a$10$", true),
        ("$2b$12$", true),
        ("$2y$14$", true),
        ("$2y$09$", false),
        ("$2y$04$", false),
        ("$2y$15$", false),
        ("$2y$31$", false),
        ("$2y$012$", false),
        ("$2y$1$", false),
        ("$2y$$", false),
        ("$2x$12$", false),
        ("$2$12$", false),
        ("$2Y$12$", false),
        ("2y$12$", false),
    ];
    for (start, good) in table {
        assert_eq!(bcrypt(start).parse::<MailboxHash>().is_ok(), good, "{start}");
    }
    let whole = bcrypt("$2y$12$");
    assert_eq!(outcome(whole.trim_end_matches('4')), "hash_bcrypt");
    assert_eq!(outcome(&format!("{whole}5")), "hash_bcrypt");
    assert_eq!(outcome(&whole.replace("ABC", "A$C")), "hash_bcrypt");
    assert_eq!(outcome(&whole.replace("ABC", "A+C")), "hash_bcrypt");
}

#[test]
fn sha512_crypt_comes_in_within_its_bounds() {
    let table = [
        ("$6$saltsaltsaltsalt", true),
        ("$6$s", true),
        ("$6$rounds=5000$salt", true),
        ("$6$rounds=100000$salt", true),
        ("$6$rounds=1000000$salt", true),
        ("$6$rounds=4999$salt", false),
        ("$6$rounds=1000", false),
        ("$6$rounds=1000001$salt", false),
        ("$6$rounds=999999999$salt", false),
        ("$6$rounds=05000$salt", false),
        ("$6$rounds=$salt", false),
        ("$6$round=5000$salt", false),
        ("$6$rounds=5000$", false),
        ("$6$", false),
        ("$6$saltsaltsaltsalts", false),
        ("$6$sa:lt", false),
        ("$6$rounds=5000$salt$salt", false),
        ("$5$salt", false),
        ("$1$salt", false),
    ];
    for (start, good) in table {
        assert_eq!(sha512(start).parse::<MailboxHash>().is_ok(), good, "{start}");
    }
    assert_eq!(outcome(&format!("{}d", sha512("$6$salt"))), "hash_sha512_crypt");
    assert_eq!(
        outcome(&sha512("$6$salt").replacen("dd", "d", 1)),
        "hash_sha512_crypt"
    );
    assert_eq!(
        outcome(&sha512("$6$salt").replacen("dd", "d=", 1)),
        "hash_sha512_crypt"
    );
}

#[test]
fn everything_else_stays_outside() {
    let good = argon2id("m=65536,t=3,p=1");
    let body = good.trim_start_matches("{ARGON2ID}");
    let table = [
        (String::new(), "hash_scheme"),
        ("secret".to_owned(), "hash_scheme"),
        (body.to_owned(), "hash_scheme"),
        ("{PLAIN}secret".to_owned(), "hash_scheme"),
        ("{CLEARTEXT}secret".to_owned(), "hash_scheme"),
        ("{plain}secret".to_owned(), "hash_scheme"),
        ("{PLAIN.b64}c2VjcmV0".to_owned(), "hash_scheme"),
        ("{MD5}x".to_owned(), "hash_scheme"),
        ("{MD5-CRYPT}$1$salt$x".to_owned(), "hash_scheme"),
        ("{CRYPT}$6$salt$x".to_owned(), "hash_scheme"),
        ("{SSHA}x".to_owned(), "hash_scheme"),
        ("{SSHA512}x".to_owned(), "hash_scheme"),
        (
            "{ARGON2I}$argon2i$v=19$m=65536,t=3,p=1$x$y".to_owned(),
            "hash_scheme",
        ),
        ("{}".to_owned(), "hash_scheme"),
        ("{".to_owned(), "hash_scheme"),
        (format!("{{}}{body}"), "hash_scheme"),
        (format!("{{argon2id}}{body}"), "hash_scheme"),
        (format!("{{ARGON2ID.HEX}}{body}"), "hash_scheme"),
        (format!("{{{{ARGON2ID}}}}{body}"), "hash_scheme"),
        (format!("x{good}"), "hash_scheme"),
        ("{ARGON2ID}".to_owned(), "hash_argon2id"),
        ("{BLF-CRYPT}".to_owned(), "hash_bcrypt"),
        ("{SHA512-CRYPT}".to_owned(), "hash_sha512_crypt"),
        (format!("{{BLF-CRYPT}}{body}"), "hash_bcrypt"),
        (format!("{{SHA512-CRYPT}}{body}"), "hash_sha512_crypt"),
        (good.replace("{ARGON2ID}", "{ARGON2ID}{PLAIN}"), "hash_argon2id"),
        (format!(" {good}"), "hash_character"),
        (format!("{good}\n"), "hash_character"),
        (format!("{good}\0"), "hash_character"),
        (format!("{good}\u{fc}"), "hash_character"),
        (format!("{{ARGON2ID}}\t{body}"), "hash_character"),
        (format!("{good}{}", "A".repeat(200)), "hash_too_long"),
        ("x".repeat(1 << 20), "hash_too_long"),
    ];
    for (text, code) in table {
        assert_eq!(outcome(&text), code, "{text:?}");
    }
}

#[test]
fn a_hash_fits_into_255_bytes() {
    let short = argon2id("m=65536,t=3,p=1");
    let salt = |length: usize| short.replace(SALT, &format!("{}{}", SALT, "A".repeat(length)));
    let room = 255 - short.len();
    let fits = salt(room - room % 4);
    assert!(fits.len() > 250 && fits.parse::<MailboxHash>().is_ok());
    assert_eq!(outcome(&salt(room - room % 4 + 4)), "hash_too_long");
}

#[test]
fn what_real_programs_write_comes_in() {
    let argon2 = argon2::Argon2::default();
    let phc = argon2::PasswordHasher::hash_password_with_salt(&argon2, b"amber-tunnel", b"sixteen bytes ok")
        .unwrap();
    assert_eq!(outcome(&format!("{{ARGON2ID}}{phc}")), "ARGON2ID");
    assert!(phc.to_string().parse::<AccountHash>().is_ok());
    let table = [
        "{SHA512-CRYPT}$6$rounds=5000$postdesksalt1234$hKpc4l/tWYQuWpkq/09W233Tj7DXRFsRt5tzZmzGL2jUyI5IbQZXSjRLA.5nIzwxMxqGPszdFDDI3OaeOwCz8.",
        "{SHA512-CRYPT}$6$postdesk$HioabLLzJukCYFW/UzvUSgUQNw0UswapXo0BeOKkDjRsIo2p56J5TRaXRo6OTEX9CujWiZLpVAD1M32a2/iHh1",
        "{BLF-CRYPT}$2y$10$abcdefghijklmnopqrstuurIj9vhBlaUDVAHx4c3mM8itE4dNYO.y",
        "{BLF-CRYPT}$2b$10$abcdefghijklmnopqrstuurIj9vhBlaUDVAHx4c3mM8itE4dNYO.y",
    ];
    for text in table {
        assert!(text.starts_with(&format!("{{{}}}", outcome(text))), "{text}");
    }
}

#[test]
fn a_stored_hash_may_be_of_an_older_scheme_but_never_readable() {
    for text in [
        "{SSHA}x",
        "{MD5-CRYPT}$1$salt$x",
        "{ARGON2ID}$argon2id$v=19$m=8,t=1,p=1$x$y",
        "{SHA256.HEX}ab",
    ] {
        assert!(MailboxHash::from_stored(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "x",
        "{}x",
        "{SSHA}",
        "{PLAIN}x",
        "{plain}x",
        "{CLEARTEXT}x",
        "{PLAIN.B64}eA",
        "{A B}x",
        "{SSHA}x\n",
    ] {
        assert!(MailboxHash::from_stored(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_account_hash_is_a_phc_string() {
    assert!("$argon2id$v=19$m=8,t=1,p=1$x$y".parse::<AccountHash>().is_ok());
    for text in [
        "",
        "x",
        "$",
        "$$",
        "$argon2id",
        "{ARGON2ID}$argon2id$v=19$x",
        "$argon2id$v=19\n",
        "$a$\u{fc}",
    ] {
        assert!(text.parse::<AccountHash>().is_err(), "{text:?}");
    }
}

#[test]
fn a_hash_is_never_printed() {
    let mailbox: MailboxHash = argon2id("m=65536,t=3,p=1").parse().unwrap();
    let account: AccountHash = "$argon2id$v=19$m=8,t=1,p=1$x$y".parse().unwrap();
    assert_eq!(
        format!("{mailbox:?} {account:?}"),
        "MailboxHash(..) AccountHash(..)"
    );
    for problem in
        ["{PLAIN}hunter2", "{BLF-CRYPT}hunter2"].map(|text| text.parse::<MailboxHash>().unwrap_err())
    {
        assert!(!problem.to_string().contains("hunter2"));
        for scheme in ["{ARGON2ID}", "{BLF-CRYPT}", "{SHA512-CRYPT}"] {
            assert!(problem != BadHash::Scheme || problem.to_string().contains(scheme));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(text in "(\\{[A-Z0-9-]{0,12}\\})?(\\$[a-z0-9=,]{0,8}){0,5}\\PC{0,20}") {
        if let Ok(hash) = text.parse::<MailboxHash>() {
            prop_assert_eq!(hash.expose(), text.as_str());
        }
        prop_assert!(text.parse::<MailboxHash>().is_err() || MailboxHash::from_stored(&text).is_ok());
    }
}
