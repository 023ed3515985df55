//! More of anything never lowers the risk, and its parts add up.

use proptest::prelude::*;

use super::weights::{ByCriticality, ByRecord, ByReversibility, ByTier, Table};
use super::*;
use crate::connection::Criticality;
use crate::examined::ExaminedOperation;
use crate::feature_set::{Consumer, Unchecked};
use crate::operation::{Loss, Reversibility};

fn tier() -> impl Strategy<Value = Tier> {
    prop::sample::select(vec![Tier::Experimental, Tier::Standard, Tier::Important, Tier::Critical])
}

fn criticality() -> impl Strategy<Value = Criticality> {
    prop::sample::select(vec![Criticality::Low, Criticality::Medium, Criticality::High, Criticality::Critical])
}

fn reversibility() -> impl Strategy<Value = Reversibility> {
    prop::sample::select(vec![Reversibility::Reversible, Reversibility::Recoverable, Reversibility::Irreversible])
}

/// Mostly small, as counts are, and sometimes as large as they get.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_u64, 0..100_000_u64, Just(u64::MAX)]
}

fn factor() -> impl Strategy<Value = RiskFactor> {
    (0..=100_u32).prop_map(|score| RiskFactor { cause: "a reason".to_owned(), score })
}

fn record() -> impl Strategy<Value = Record> {
    prop::sample::select(vec![Record::Proven, Record::Changed, Record::Untried, Record::WentBadly])
}

fn around() -> impl Strategy<Value = Around> {
    (0..9_u64, 0..9_u64, record()).prop_map(|(runs_on_set, runs_elsewhere, record)| Around {
        runs_on_set,
        runs_elsewhere,
        record,
    })
}

/// Four weights that do not fall.
fn rising() -> impl Strategy<Value = [u64; 4]> {
    prop::array::uniform4(0..=100_u64).prop_map(|mut weights| {
        weights.sort_unstable();
        weights
    })
}

/// Any weights that an operator may set.
fn weights() -> impl Strategy<Value = Weights> {
    let groups = (rising(), rising(), rising(), rising(), rising(), rising());
    let divisors = prop::array::uniform5(1..=100_u64);
    let single = prop::array::uniform5(0..=100_u64);
    let any = (groups, divisors, single).prop_map(|(groups, divisors, single)| {
        let (write, size, criticality, dependent, tier, record) = groups;
        let reversibility = |[reversible, recoverable, irreversible, _]: [u64; 4]| ByReversibility {
            reversible,
            recoverable,
            irreversible,
        };
        let tiers = |[experimental, standard, important, critical]: [u64; 4]| ByTier {
            experimental,
            standard,
            important,
            critical,
        };
        let [low, medium, high, critical] = criticality;
        let [changed, untried, went_badly, _] = record;
        let [row_doublings, hour_doublings, change_doublings, dependent_share, tier_share] = divisors;
        let [unguarded, unmeasured_changes, old_point, run_on_set, run_elsewhere] = single;
        let table = Table {
            write: reversibility(write),
            size: reversibility(size),
            criticality: ByCriticality { low, medium, high, critical },
            unguarded,
            row_doublings,
            hour_doublings,
            change_doublings,
            unmeasured_changes,
            dependent: tiers(dependent),
            dependent_share,
            tier: tiers(tier),
            tier_share,
            old_point,
            run_on_set,
            run_elsewhere,
            record: ByRecord { changed, untried, went_badly },
        };
        Weights::try_from(table).unwrap()
    });
    prop_oneof![Just(Weights::default()), any]
}

/// A stage of one restored dataset with any number of writes.
fn case() -> impl Strategy<Value = Case> {
    let writes = prop::collection::vec((reversibility(), count(), any::<bool>()), 0..6);
    let loss = prop::option::of((0..sample::NOW.0, count(), prop::option::of(count())));
    let set = (tier(), prop::collection::vec(tier(), 0..6), prop::collection::vec(tier(), 0..4));
    let age = prop::option::of(prop_oneof![0..60 * sample::DAY_MS, any::<u64>()]);
    let factors = prop::collection::vec(factor(), 0..3);
    let rest = (factors, around(), weights());
    (writes, loss, set, (age, criticality()), rest).prop_map(|(writes, loss, set, (age, criticality), rest)| {
        let (factors, around, weights) = rest;
        let mut plan = sample::restore();
        plan.steps.truncate(1);
        let change = sample::change_of(&mut plan, 0);
        change.operations.clear();
        change.loss = loss.map(|(since, changes, rows)| Loss { since: Millis(since), changes, rows });
        let examined =
            Examined { plan: plan.digest().unwrap_or_else(|_| sample::json("0").digest()), operations: vec![] };
        let mut connections = sample::connections();
        connections.values_mut().for_each(|rules| rules.criticality = criticality);
        let mut case = Case {
            plan,
            examined,
            connections,
            feature_set: sample::feature_set(set.0, &set.1),
            downstream: set.2,
            now: sample::NOW,
            point_age_ms: age,
            max_point_age_ms: Some(30 * sample::DAY_MS),
            factors,
            around,
            weights,
        };
        writes.into_iter().for_each(|write| add(&mut case, write));
        case
    })
}

fn add(case: &mut Case, (reversibility, touches, unguarded): (Reversibility, u64, bool)) {
    let change = sample::change_of(&mut case.plan, 0);
    let index = u32::try_from(change.operations.len()).unwrap();
    change.operations.push(sample::restore_commit());
    let step = case.plan.steps[0].id;
    case.examined.operations.push(ExaminedOperation {
        step,
        index,
        digest: case.examined.plan,
        object: index.to_string(),
        reversibility,
        touches,
        repeat_is_safe: true,
        unguarded_by_system: unguarded,
        settle_ms: 0,
    });
}

/// One way to have more of something.
#[derive(Clone, Debug)]
enum More {
    Operation(Reversibility, u64, bool),
    WorseReversibility(prop::sample::Index),
    Touches(prop::sample::Index, u64),
    Unguarded(prop::sample::Index),
    Criticality,
    Consumer(Tier),
    ConsumerTier(prop::sample::Index),
    Downstream(Tier),
    Tier,
    PointAge(u64),
    Time(u64),
    Rows(u64),
    Changes(u64),
    Factor(RiskFactor),
    RunsOnSet(u64),
    RunsElsewhere(u64),
    WorseRecord(Record),
}

fn more() -> impl Strategy<Value = More> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (reversibility(), count(), any::<bool>()).prop_map(|(worst, touches, un)| More::Operation(worst, touches, un)),
        index().prop_map(More::WorseReversibility),
        (index(), count()).prop_map(|(index, touches)| More::Touches(index, touches)),
        index().prop_map(More::Unguarded),
        Just(More::Criticality),
        tier().prop_map(More::Consumer),
        index().prop_map(More::ConsumerTier),
        tier().prop_map(More::Downstream),
        Just(More::Tier),
        count().prop_map(More::PointAge),
        count().prop_map(More::Time),
        count().prop_map(More::Rows),
        count().prop_map(More::Changes),
        factor().prop_map(More::Factor),
        count().prop_map(More::RunsOnSet),
        count().prop_map(More::RunsElsewhere),
        record().prop_map(More::WorseRecord),
    ]
}

impl More {
    fn apply(self, case: &mut Case) {
        match self {
            Self::Operation(reversibility, touches, unguarded) => add(case, (reversibility, touches, unguarded)),
            Self::WorseReversibility(index) => with_operation(case, index, |found| {
                found.reversibility = match found.reversibility {
                    Reversibility::Reversible => Reversibility::Recoverable,
                    Reversibility::Recoverable | Reversibility::Irreversible => Reversibility::Irreversible,
                };
            }),
            Self::Touches(index, more) => {
                with_operation(case, index, |found| found.touches = found.touches.saturating_add(more));
            }
            Self::Unguarded(index) => with_operation(case, index, |found| found.unguarded_by_system = true),
            Self::Criticality => {
                case.connections.values_mut().for_each(|rules| rules.criticality = Criticality::Critical);
            }
            Self::Consumer(tier) => {
                with_set(case, |set| set.consumers.push(Consumer { name: "another".to_owned(), tier }));
            }
            Self::ConsumerTier(index) => with_set(case, |set| {
                if !set.consumers.is_empty() {
                    let place = index.index(set.consumers.len());
                    set.consumers[place].tier = Tier::Critical;
                }
            }),
            Self::Downstream(tier) => case.downstream.push(tier),
            Self::Tier => with_set(case, |set| set.tier = Tier::Critical),
            Self::PointAge(more) => case.point_age_ms = Some(case.point_age_ms.unwrap_or(0).saturating_add(more)),
            Self::Time(more) => case.now = case.now.plus(more),
            Self::Rows(more) => {
                with_loss(case, |loss| loss.rows = Some(loss.rows.unwrap_or(0).saturating_add(more)));
            }
            Self::Changes(more) => with_loss(case, |loss| loss.changes = loss.changes.saturating_add(more)),
            Self::Factor(factor) => case.factors.push(factor),
            Self::RunsOnSet(more) => case.around.runs_on_set = case.around.runs_on_set.saturating_add(more),
            Self::RunsElsewhere(more) => case.around.runs_elsewhere = case.around.runs_elsewhere.saturating_add(more),
            Self::WorseRecord(record) => case.around.record = case.around.record.max(record),
        }
    }
}

fn with_operation(case: &mut Case, index: prop::sample::Index, alter: impl FnOnce(&mut ExaminedOperation)) {
    if !case.examined.operations.is_empty() {
        alter(index.get_mut(&mut case.examined.operations));
    }
}

fn with_set(case: &mut Case, alter: impl FnOnce(&mut Unchecked)) {
    let mut set = case.feature_set.clone().into();
    alter(&mut set);
    case.feature_set = set.try_into().unwrap();
}

fn with_loss(case: &mut Case, alter: impl FnOnce(&mut Loss)) {
    if let Some(loss) = &mut sample::change_of(&mut case.plan, 0).loss {
        alter(loss);
    }
}

proptest! {
    #[test]
    fn more_never_lowers_the_risk(before in case(), more in more()) {
        let mut after = before.clone();
        more.apply(&mut after);
        let sum = |assessment: &Assessment| assessment.parts.iter().map(|part| u64::from(part.score)).sum::<u64>();
        let (before, after) = (before.assess(), after.assess());
        prop_assert!(after.risk >= before.risk, "{before} became {after}");
        prop_assert!(sum(&after) >= sum(&before), "{before} became {after}");
    }

    #[test]
    fn the_parts_add_up(case in case()) {
        let Assessment { risk, parts } = case.assess();
        let sum: u64 = parts.iter().map(|part| u64::from(part.score)).sum();
        prop_assert_eq!(u64::from(risk), sum.min(100));
        prop_assert!(parts.iter().all(|part| part.score > 0));
        prop_assert!(parts.is_sorted_by(|a, b| a.score >= b.score));
        prop_assert!(risk == 0 || !case.plan.is_empty());
    }

    #[test]
    fn the_order_of_writes_changes_nothing(case in case()) {
        let mut turned = case.clone();
        turned.examined.operations.reverse();
        for (index, found) in (0..).zip(&mut turned.examined.operations) {
            found.index = index;
        }
        prop_assert_eq!(case.assess(), turned.assess());
    }
}
