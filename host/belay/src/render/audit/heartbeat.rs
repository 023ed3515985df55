//! A heartbeat that was recorded.

use belay_runtime::api::Heartbeat;

use crate::render::amount::{counted, took};
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};

/// One line: which entry, when, and how long nothing was recorded before.
pub(crate) fn page(answer: &Heartbeat, clock: &Clock) -> Page {
    let what = format!("  entry {} at {}", answer.entry, clock.long(answer.at));
    let quiet = format!(", quiet for {} before it", took(answer.quiet_ms));
    let size = format!("; {} published", counted(answer.size, "entry", "entries"));
    Page::from(vec![Line::new().painted(Paint::Good, "✔ heartbeat").with(what).with(quiet).with(size)])
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use expect_test::expect;

    use super::*;
    use crate::render::clock;

    #[test]
    fn a_heartbeat_is_a_line() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        let beat =
            Heartbeat { entry: 1_841, at: clock.now(), quiet_ms: 600_000, size: 1_842, root: Digest::of(b"root") };
        expect![[r#"
            ✔ heartbeat  entry 1841 at 2026-11-22 03:10:00, quiet for 10 min before it; 1,842 entries published
        "#]]
        .assert_eq(&page(&beat, &clock).to_text(false));
    }
}
