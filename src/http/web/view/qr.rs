//! QR codes as one path of an SVG, so that a page needs no picture and no script.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// A QR code: its modules a side, and the dark ones as one SVG path. Empty when a text is too long for one.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Qr {
    pub(in crate::http::web) size: usize,
    pub(in crate::http::web) path: String,
}

/// Modules of white around the code, which readers need.
const QUIET: usize = 4;

/// The code of a text. Each run of dark modules is one stroke.
pub(in crate::http::web) fn of(text: &str) -> Qr {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return Qr::default();
    };
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a string cannot fail.
                let _ok = write!(
                    path,
                    "M{} {}h{}v1h-{}z",
                    x + QUIET,
                    y + QUIET,
                    run.len(),
                    run.len()
                );
            }
            x += run.len();
        }
    }
    Qr {
        size: width + 2 * QUIET,
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_quiet_zone_and_its_finder_in_the_corner() {
        let code = of("https://desk.example/in/0123456789abcdefghjkmnpqrs");
        assert!(code.size > 2 * QUIET + 21);
        assert!(code.path.starts_with("M4 4h7v1h-7z"), "{}", &code.path[..20]);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert!(of(&"x".repeat(10_000)).path.is_empty());
    }
}
