//! The rules of one label: hyphens, length, IDNA 2008, and letters of one script.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, ScriptExtension, UnicodeScript};

use super::{BadDomainName, MAX_LABEL, check_character, decode};

/// Scripts that are written together; any other label keeps to one.
const COMBINATIONS: [&[Script]; 3] = [
    &[Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Han, Script::Hangul],
    &[Script::Han, Script::Bopomofo],
];

/// Checks a label as UTS 46 left it: lower-case ASCII, perhaps an A-label.
pub(super) fn check(label: &str) -> Result<(), BadDomainName> {
    if label.is_empty() {
        return Err(BadDomainName::EmptyLabel);
    }
    if label.len() > MAX_LABEL {
        return Err(BadDomainName::LabelTooLong(label.to_owned()));
    }
    if !has_ace_prefix(label) {
        return check_hyphens(label);
    }

    let unicode = decode(label).ok_or_else(|| BadDomainName::Punycode(label.to_owned()))?;
    if unicode.is_ascii() || encode(&unicode).as_deref() != Some(label) {
        return Err(BadDomainName::Punycode(label.to_owned()));
    }
    check_unicode(&unicode)
}

/// Whether a label says that it is an A-label.
pub(super) fn has_ace_prefix(label: &str) -> bool {
    label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
}

fn encode(unicode: &str) -> Option<String> {
    Uts46::new()
        .to_ascii(
            unicode.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .ok()
        .map(std::borrow::Cow::into_owned)
}

fn check_hyphens(label: &str) -> Result<(), BadDomainName> {
    if label.starts_with('-') || label.ends_with('-') {
        return Err(BadDomainName::EdgeHyphen(label.to_owned()));
    }
    let mut characters = label.chars().skip(2);
    if (characters.next(), characters.next()) == (Some('-'), Some('-')) {
        return Err(BadDomainName::ReservedHyphens(label.to_owned()));
    }
    Ok(())
}

/// Checks a U-label.
fn check_unicode(label: &str) -> Result<(), BadDomainName> {
    check_hyphens(label)?;
    label.chars().try_for_each(check_character)?;
    if let Some(c) = label.chars().find(|c| is_never_valid(*c)) {
        return Err(BadDomainName::Character(c));
    }
    if !contexts_hold(label) {
        return Err(BadDomainName::Label(label.to_owned()));
    }
    if !is_of_one_script(label) {
        return Err(BadDomainName::Scripts(label.to_owned()));
    }
    if mixes_digits(label) {
        return Err(BadDomainName::Digits(label.to_owned()));
    }
    Ok(())
}

/// What IDNA 2008 (RFC 5892) disallows in every place: all but small letters, marks and digits, with its
/// exceptions in both directions. Capitals are not asked about: UTS 46 has made them small before.
pub(super) fn is_never_valid(c: char) -> bool {
    match c {
        // What DNS has always had, and exceptions that are valid, if only in their context.
        'a'..='z'
        | '0'..='9'
        | '-'
        | '\u{b7}'
        | '\u{df}'
        | '\u{375}'
        | '\u{3c2}'
        | '\u{5f3}'
        | '\u{5f4}'
        | '\u{6fd}'
        | '\u{6fe}'
        | '\u{f0b}'
        | '\u{3007}'
        | '\u{30fb}' => false,
        // Exceptions that are not; raised and lowered letters, of which new ones come before tables map them;
        // marks for symbols, musical marks, old Hangul.
        '\u{640}'
        | '\u{7fa}'
        | '\u{302e}'
        | '\u{302f}'
        | '\u{3031}'..='\u{3035}'
        | '\u{303b}'
        | '\u{2070}'..='\u{209f}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{1d100}'..='\u{1d24f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{d7b0}'..='\u{d7ff}' => true,
        _ => !matches!(
            c.general_category(),
            GeneralCategory::LowercaseLetter
                | GeneralCategory::UppercaseLetter
                | GeneralCategory::OtherLetter
                | GeneralCategory::ModifierLetter
                | GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::DecimalNumber
        ),
    }
}

/// The contextual rules of RFC 5892, appendix A, that UTS 46 does not know.
fn contexts_hold(label: &str) -> bool {
    let characters: Vec<char> = label.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied();
    let any = |range: std::ops::RangeInclusive<char>| characters.iter().any(|c| range.contains(c));

    characters.iter().enumerate().all(|(index, c)| {
        let before = at(index.checked_sub(1));
        let after = at(index.checked_add(1));
        match c {
            '\u{b7}' => before == Some('l') && after == Some('l'),
            '\u{375}' => after.is_some_and(|c| c.script() == Script::Greek),
            '\u{5f3}' | '\u{5f4}' => before.is_some_and(|c| c.script() == Script::Hebrew),
            '\u{30fb}' => characters
                .iter()
                .any(|c| matches!(c.script(), Script::Hiragana | Script::Katakana | Script::Han)),
            '\u{660}'..='\u{669}' => !any('\u{6f0}'..='\u{6f9}'),
            _ => true,
        }
    })
}

/// Whether one script, or one combination of scripts, has all the letters (UTS 39, "single script").
fn is_of_one_script(label: &str) -> bool {
    let extensions: Vec<ScriptExtension> = label
        .chars()
        .map(|c| c.script_extension())
        .filter(|extension| !extension.is_common() && !extension.is_inherited())
        .collect();
    let together = |scripts: &[Script]| {
        extensions
            .iter()
            .all(|extension| scripts.iter().any(|script| extension.contains_script(*script)))
    };
    let Some(first) = extensions.first() else {
        return true;
    };
    first.iter().any(|script| together(&[script])) || COMBINATIONS.iter().any(|scripts| together(scripts))
}

/// Whether ASCII digits stand beside digits of another script.
fn mixes_digits(label: &str) -> bool {
    let other = |c: char| !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber;
    label.contains(|c: char| c.is_ascii_digit()) && label.contains(other)
}
