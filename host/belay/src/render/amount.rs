//! Numbers and durations as people read them.

/// `12,031`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `12,031 rows`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// How long something took, to what a person can use of it: `15 ms`, `0.4 s`, `21 s`,
/// `3 min 12 s`, `2 h 5 min`, `3 days`.
pub(crate) fn took(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 if milliseconds < 100 => format!("{milliseconds} ms"),
        0..10 => format!("{}.{} s", seconds, milliseconds % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn two(major: u64, unit: &str, minor: u64, small: &str) -> String {
    if minor == 0 { format!("{major} {unit}") } else { format!("{major} {unit} {minor} {small}") }
}

/// A limit as it is written in a runbook: `30s`, `5m`, `24h`, `30d`.
pub(crate) fn limit(milliseconds: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    // A day is written as 24h, as people do; from two days on, as days.
    let fits = |size: u64| milliseconds >= size && milliseconds.is_multiple_of(size);
    units
        .into_iter()
        .find(|&(size, unit)| fits(size) && (unit != "d" || milliseconds >= 2 * size))
        .map_or_else(|| format!("{milliseconds}ms"), |(size, unit)| format!("{}{unit}", milliseconds / size))
}

/// `1 KiB` and up; bytes below.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    units.into_iter().find(|&(unit, _)| bytes >= unit).map_or_else(
        || counted(bytes, "byte", "bytes"),
        |(unit, name)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 12_031, 9_120_004].map(grouped), ["0", "999", "1,000", "12,031", "9,120,004"]);
        assert_eq!([counted(1, "row", "rows"), counted(2_000, "row", "rows")], ["1 row", "2,000 rows"]);
    }

    #[test]
    fn durations_are_as_exact_as_they_are_useful() {
        let cases = [15, 420, 9_990, 21_499, 60_000, 192_000, 7_500_000, 172_800_000];
        assert_eq!(cases.map(took), ["15 ms", "0.4 s", "9.9 s", "21 s", "1 min", "3 min 12 s", "2 h 5 min", "2 days"]);
        let limits = [500, 30_000, 90_000, 300_000, 86_400_000, 2_592_000_000];
        assert_eq!(limits.map(limit), ["500ms", "30s", "90s", "5m", "24h", "30d"]);
    }

    #[test]
    fn sizes_are_in_powers_of_two() {
        assert_eq!([1, 1_023, 1_536, 5 << 20].map(size), ["1 byte", "1,023 bytes", "1.5 KiB", "5.0 MiB"]);
    }
}
