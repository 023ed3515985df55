//! Which tests are wanted. A test that is left out says so, also where the harness keeps what passing tests print.

use std::io::Write as _;

use super::part::Part;

/// How long the systems of a test take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// Each starts in under two seconds.
    Fast,
    /// Some take longer: PostgreSQL with Unleash, MLflow, Feast, Prefect. `cargo xtask test` runs the files below
    /// `tests/tests` that name this variant a second time, after all others.
    Full,
}

/// What `BELAY_TESTS` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wanted {
    /// `quick`: no lab.
    Quick,
    /// `fast`: only systems that start fast, which must be there.
    Fast,
    /// `full`: all systems, which must be there.
    Full,
    /// Not set: all systems that are there.
    Installed,
}

fn wanted() -> Wanted {
    match std::env::var("BELAY_TESTS").as_deref() {
        Ok("quick") => Wanted::Quick,
        Ok("fast") => Wanted::Fast,
        Ok("full") => Wanted::Full,
        Ok(_) | Err(_) => Wanted::Installed,
    }
}

/// Whether a test leaves at once: because its tier is not wanted, or because nobody asked for a tier and a part is not
/// installed. Says why.
pub fn is_left_out(tier: Tier, needs: &[Part]) -> bool {
    let reason = reason(wanted(), tier, needs, Part::is_installed);
    if let Some(reason) = &reason {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        // Not `eprintln`, which the harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "left out: {test}: {reason}");
    }
    reason.is_some()
}

fn reason(wanted: Wanted, tier: Tier, needs: &[Part], is_installed: impl Fn(Part) -> bool) -> Option<String> {
    match (wanted, tier) {
        (Wanted::Quick, _) => Some("it needs the lab".to_owned()),
        (Wanted::Fast, Tier::Full) => Some("it needs the full lab".to_owned()),
        (Wanted::Fast, Tier::Fast) | (Wanted::Full, _) => None,
        (Wanted::Installed, _) => {
            let lacking = needs.iter().find(|part| !is_installed(**part))?;
            Some(format!("cargo xtask lab install {}", lacking.name()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_never_left_out_for_want_of_a_part() {
        let left_out = |wanted, tier, installed: bool| reason(wanted, tier, &[Part::Redis], |_| installed).is_some();
        for installed in [true, false] {
            assert!(left_out(Wanted::Quick, Tier::Fast, installed));
            assert!(left_out(Wanted::Fast, Tier::Full, installed));
            assert!(!left_out(Wanted::Fast, Tier::Fast, installed));
            assert!(!left_out(Wanted::Full, Tier::Fast, installed));
            assert!(!left_out(Wanted::Full, Tier::Full, installed));
            assert_eq!(left_out(Wanted::Installed, Tier::Full, installed), !installed);
        }
    }
}
