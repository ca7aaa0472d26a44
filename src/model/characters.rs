//! Which characters cannot be seen, or make others be seen elsewhere.

/// Characters that change the direction of the text around them.
pub(super) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that break a line without being control characters.
pub(super) fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters of which nothing is seen: Unicode's default-ignorable ones, interlinear annotation, fillers and
/// the empty braille pattern.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Code points that are no characters at all.
pub(super) fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// A character as people can read it in a sentence: itself when it can be seen, and its number.
pub(super) struct Named(pub(super) char);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c = self.0;
        let seen = !c.is_control() && !c.is_whitespace() && !is_invisible(c) && !is_noncharacter(c);
        match (seen, c.is_ascii()) {
            (true, true) => write!(f, "\"{c}\""),
            (true, false) => write!(f, "\"{c}\" (U+{:04X})", u32::from(c)),
            (false, _) => write!(f, "U+{:04X}", u32::from(c)),
        }
    }
}
