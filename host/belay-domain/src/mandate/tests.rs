//! What people sign reads well, and says where it differs.

use std::collections::BTreeMap;

use expect_test::expect;

use super::*;
use crate::fallback::UndoBounds;
use crate::state::Desired;

const NOW: Millis = Millis(1_795_313_400_000);

fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

fn bounds(stage: &str, highest_risk: u32, touches: u64) -> Bounds {
    Bounds {
        stage: stage.parse().unwrap(),
        worst: Some(Reversibility::Reversible),
        highest_risk,
        most_touches: touches,
        most_rows_set_aside: BTreeMap::new(),
    }
}

fn pinned(version: &str) -> Wanted {
    let Desired::Pinned(pin) = crate::sample::pinned(version, "{}") else { panic!() };
    Wanted::of(&Desired::Pinned(pin)).unwrap()
}

fn mandate() -> Mandate {
    let mut restore = bounds("restore", 60, 24);
    restore.worst = Some(Reversibility::Recoverable);
    restore.most_rows_set_aside.insert("dataset".parse().unwrap(), 24_062);
    let quorum = Quorum { approvals: 1, role: "approver of ranking".into(), because: "risk 41".into() };
    Mandate {
        schema: SCHEMA,
        run: "r-77".parse().unwrap(),
        purpose: Purpose::Rollback,
        environment: "prod".parse().unwrap(),
        requester: "ana".into(),
        incident: Some("INC-4211".parse().unwrap()),
        runbook: Named { name: "standard-rollback".parse().unwrap(), digest: digest("runbook") },
        feature_set: Named { name: "checkout-ranker".parse().unwrap(), digest: digest("set") },
        team: "ranking".into(),
        destination: Destination::Point {
            id: "rp-0412".parse().unwrap(),
            digest: digest("point"),
            captured_at: Millis(NOW.0 - 2 * 86_400_000),
        },
        parameters: BTreeMap::from([("rollout_to".into(), Json::parse("0").unwrap())]),
        desired: BTreeMap::from([
            ("flag".parse().unwrap(), Wanted::Attributes(Json::parse(r#"{"enabled":false}"#).unwrap())),
            ("dataset".parse().unwrap(), pinned("v27")),
            ("model".parse().unwrap(), pinned("8 of \"champion\"\nNonce 0")),
        ]),
        may_skip: Skips::default(),
        stages: vec![bounds("contain", 25, 2), restore],
        approvals: vec![Asks { stage: "restore".parse().unwrap(), quorums: vec![quorum] }],
        break_glass: None,
        on_failure: Fallback::Undo(UndoBounds { worst: Reversibility::Recoverable, highest_risk: 85 }),
        governance: digest("governance"),
        components: BTreeMap::from([("delta-table".parse().unwrap(), digest("delta"))]),
        ledger: LogHead { origin: "belay/shop".into(), size: 1_841, root: digest("root") },
        issued_at: NOW,
        expires_at: NOW.plus(4 * 3_600_000),
        nonce: "00".repeat(16),
    }
}

#[test]
fn a_reader_at_three_in_the_morning_sees_what_is_asked() {
    expect![[r#"
        belay mandate v1

        Asks       ana, for standard-rollback on checkout-ranker in prod
        Incident   INC-4211
        Back to    rp-0412, captured 2026-11-20 02:10:00 UTC
        Wants      dataset → v27
                   flag → {"enabled":false}
                   model → "8 of \"champion\"\nNonce 0"
        With       rollout_to = 0
        At most    contain: risk 25, reversible writes, 2 things touched; needs nobody
                   restore: risk 60, recoverable writes, 24 things touched, 24,062 rows of dataset set aside; needs 1 × approver of ranking
        On failure undoes what it wrote: risk 85, recoverable writes at worst
        Until      2026-11-22 06:10:00 UTC (from 2026-11-22 02:10:00 UTC)

        Run        r-77
        Mandate    5e8e93dca0bc0a00151e0626cd00f711776c403f96ccf63c7ecae3299094c385
        Runbook    e95a2edc459c5ba34b244df70403dd6981f11aa1bca8e325206d1cc5bc43180e standard-rollback
        Set        6ee0eb490ff832101cf82a3d387c35f29e4230be786978f7acf9e811febf6723 checkout-ranker
        Point      251fecd592e56e6c4a95121752f4a73bb802dffc1cc4bce6100206ee2b7cb650 rp-0412
        Content    44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a dataset
        Content    44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a model
        Governance bf9422a2a04aad2180fad0913f1cdf8a9d3780fd074817d2569050d0a8095d3a
        Plugin     4f4a9410ffcdf895c4adb880659e9b5c0dd1f23a30790684340b3eaacb045398 delta-table
        Ledger     4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2 belay/shop, 1,841 entries
        Nonce      00000000000000000000000000000000
    "#]].assert_eq(&mandate().text().unwrap());
}

#[test]
fn the_text_names_the_mandate_that_it_is_of() {
    let mandate = mandate();
    let digest = mandate.digest().unwrap().to_string();
    assert!(mandate.text().unwrap().contains(&format!("Mandate    {digest}\n")));
    assert_eq!(mandate.short_digest().unwrap(), digest[..8]);
}

#[test]
fn what_differs_is_shown_and_nothing_else() {
    let earlier = mandate();
    let mut later = mandate();
    later.run = "r-78".parse().unwrap();
    later.nonce = "11".repeat(16);
    later.ledger.size += 40;
    assert_eq!(later.difference(&earlier).unwrap(), Difference::default());
    later.stages[1].most_touches = 9_000;
    later.governance = digest("other");
    let found = later.difference(&earlier).unwrap();
    expect![[r#"
        Difference {
            gone: [
                "At most    restore: risk 60, recoverable writes, 24 things touched, 24,062 rows of dataset set aside; needs 1 × approver of ranking",
                "Governance bf9422a2a04aad2180fad0913f1cdf8a9d3780fd074817d2569050d0a8095d3a",
            ],
            new: [
                "At most    restore: risk 60, recoverable writes, 9,000 things touched, 24,062 rows of dataset set aside; needs 1 × approver of ranking",
                "Governance d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
            ],
        }
    "#]].assert_debug_eq(&found);
}

#[test]
fn long_values_are_cut_and_it_is_said_so() {
    let mut mandate = mandate();
    mandate.requester = "x".repeat(1_000);
    let text = mandate.text().unwrap();
    assert!(text.contains(&format!("Asks       {}… and 880 more characters, for", "x".repeat(120))), "{text}");
}
