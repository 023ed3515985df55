//! Signers as text again: what `ssh-keygen -Y verify -f` reads. Means the same as what was read, without comments.

use belay_domain::id::Millis;
use jiff::Timestamp;
use ssh_key::PublicKey;

use crate::{AllowedSigners, KeyLine};

impl AllowedSigners {
    /// OpenSSH's `allowed_signers`, a line for each key, moments in UTC.
    ///
    /// # Errors
    /// Where a key has no text, which no key has that was read from one.
    pub fn to_openssh(&self) -> Result<String, String> {
        self.keys().map(line).collect()
    }
}

fn line(line: &KeyLine) -> Result<String, String> {
    let key = PublicKey::from(line.key.clone()).to_openssh().map_err(|error| error.to_string())?;
    let options = [
        line.namespaces.as_ref().map(|list| format!("namespaces=\"{list}\"")),
        line.valid_after.map(|at| format!("valid-after=\"{}\"", verify_time(at))),
        line.valid_before.map(|at| format!("valid-before=\"{}\"", verify_time(at))),
    ];
    let options = options.into_iter().flatten().collect::<Vec<_>>().join(",");
    let space = if options.is_empty() { "" } else { " " };
    Ok(format!("{}{space}{options} {}\n", line.person, key.trim()))
}

/// A moment as `ssh-keygen -O verify-time` reads it, in UTC: `20261123021500Z`. Seconds that are not whole are rounded down, as ssh-keygen,
/// which knows no smaller part, does with its own clock.
pub fn verify_time(at: Millis) -> String {
    let seconds = i64::try_from(at.0 / 1_000).unwrap_or(i64::MAX);
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    moment.strftime("%Y%m%d%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn what_is_written_is_read_the_same() {
        let text = include_str!("../tests/ssh/vectors/allowed_signers");
        let text = format!(
            "{text}\nada namespaces=\"*@belay\",valid-before=\"202701011230Z\" ssh-ed25519 \
            AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti home"
        );
        let signers = AllowedSigners::parse(&text, &TimeZone::UTC).unwrap();
        let back = AllowedSigners::parse(&signers.to_openssh().unwrap(), &TimeZone::UTC).unwrap();
        let alike = |lines: &AllowedSigners| lines.keys().map(|l| KeyLine { line: 0, ..l.clone() }).collect::<Vec<_>>();
        assert_eq!(alike(&back), alike(&signers));
        assert_eq!(verify_time(Millis(1_795_400_100_999)), "20261123021500Z");
    }
}
