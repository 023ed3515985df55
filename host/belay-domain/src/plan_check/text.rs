//! Texts that people read. Refused rather than cleaned: what is shown is what was judged.

use super::violation::Breach;

/// How a text can't be shown.
pub(super) fn check(what: &'static str, text: &str, most: usize) -> impl Iterator<Item = Breach> + use<> {
    let too_long = (text.len() > most).then_some(Breach::TooLong { what, bytes: text.len(), most });
    let misleading = text.chars().find(|c| misleads(*c)).map(|character| Breach::Misleading { what, character });
    too_long.into_iter().chain(misleading)
}

/// Whether a character could mislead who reads it: control characters steer a terminal, others reorder or hide text
/// (Unicode TR 36, section 2).
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}
