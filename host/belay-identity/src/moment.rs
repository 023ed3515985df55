//! Moments as `allowed_signers` writes them: `YYYYMMDD[Z]` or `YYYYMMDDHHMM[SS][Z]`.

use belay_domain::id::Millis;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads a moment. Without `Z` it is one of the given time zone, as for ssh-keygen.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<Millis> {
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, &TimeZone::UTC),
        None => (text, zone),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (part(8, 10)?, part(10, 12)?, 0),
        14 => (part(8, 10)?, part(10, 12)?, part(12, 14)?),
        _ => return None,
    };
    let year = digits.get(0..4)?.parse().ok()?;
    let moment = DateTime::new(year, part(4, 6)?, part(6, 8)?, hour, minute, second, 0).ok()?;
    let moment = zone.to_timestamp(moment).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u64> {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        parse(text, &berlin).map(|moment| moment.0 / 1_000)
    }

    #[test]
    fn the_three_forms_are_read() {
        assert_eq!(read("20261122Z"), Some(1_795_305_600));
        assert_eq!(read("20261122"), Some(1_795_305_600 - 3_600));
        assert_eq!(read("202611221234Z"), Some(1_795_305_600 + 12 * 3_600 + 34 * 60));
        assert_eq!(read("20261122123456Z"), Some(1_795_305_600 + 12 * 3_600 + 34 * 60 + 56));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "Z", "2026", "20261322Z", "20261122 ", "2026-11-22", "202611221Z", "+0261122", "19691231Z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
