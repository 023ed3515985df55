//! The people around a run: they approve early, late, twice, though they asked for it themselves, and keys are revoked in
//! between. What a plan is told of them is what holds at that moment.

use std::collections::BTreeSet;

use belay_domain::people::{Approval, Team, Touched};
use belay_domain::plan::StagePlan;
use belay_engine::{Consent, Event, Finding, Rejection, Run, Status};

use crate::host::{Simulation, What};

/// Ana asks; ben is no approver.
const NAMES: [&str; 4] = ["ana", "ben", "cleo", "dan"];

/// What people have said, and whose word counts.
#[derive(Default)]
pub(crate) struct People {
    signed: bool,
    said: Vec<&'static str>,
    revoked: BTreeSet<&'static str>,
    rejected: bool,
    /// How many plans were permitted on somebody's approval.
    pub(crate) permitted: u32,
    /// How many of those came after an earlier one on the same approval.
    pub(crate) kept: u32,
    /// How often a run went on because somebody said something.
    pub(crate) reconsidered: u32,
}

impl People {
    /// What counts now.
    pub(crate) fn consent(&self) -> Consent {
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let team =
            Team { members: names(&["ana", "ben"]), approvers: names(&["ana", "cleo", "dan"]), ..Team::default() };
        let counted = self.said.iter().filter(|person| !self.revoked.contains(**person));
        let approval = |person: &&str| Approval { person: person.parse().unwrap(), key: String::new() };
        Consent {
            request: (self.signed && !self.revoked.contains("ana")).then(|| "ana".parse().unwrap()),
            approvals: counted.map(approval).collect(),
            rejection: self.rejected.then(|| Rejection { by: "dan".parse().unwrap(), reason: "no".into() }),
            people: belay_domain::people::People {
                teams: [("ranking".parse().unwrap(), team)].into(),
                ..Default::default()
            },
            touched: Some(Touched {
                feature_set: "ranker".parse().unwrap(),
                owner: "ranking".into(),
                environment: "prod".parse().unwrap(),
                resources: BTreeSet::new(),
                connections: BTreeSet::new(),
            }),
        }
    }

    /// The rule in other words: somebody who may, who is not ana, on a request that ana signed.
    fn suffice(&self) -> bool {
        let others = ["cleo", "dan"].iter().any(|who| self.said.contains(who) && !self.revoked.contains(who));
        self.signed && !self.revoked.contains("ana") && others && !self.rejected
    }

    /// What follows from a plan is what the rule says, each time anew.
    pub(crate) fn check(&mut self, event: &Event, after: &Run) {
        let Event::Planned { plan, finding: Finding::Judged { assessment, .. }, .. } = event else { return };
        let asked = assessment.risk > 25 && assessment.risk <= 60 && !plan.is_empty();
        if !asked {
            return;
        }
        match after.status() {
            Status::Waiting(wait) => {
                assert!(!self.suffice(), "a run waits though people approved: {wait:?}");
                assert!(!wait.signed || wait.needs.iter().any(|need| need.missing() > 0));
            }
            Status::Working if is_permitted(plan, after) => {
                assert!(self.suffice(), "a plan of risk {} was permitted on nobody's approval", assessment.risk);
                self.kept += u32::from(self.permitted > 0);
                self.permitted += 1;
            }
            // Refused for what people said, expired, blind, skipped in part, or halted over what a person must decide.
            Status::Working
            | Status::Checking
            | Status::Stopping
            | Status::Paused(_)
            | Status::Halted(_)
            | Status::Ended { .. } => {}
        }
    }
}

fn is_permitted(plan: &StagePlan, run: &Run) -> bool {
    run.receipt().stages[plan.index as usize].plan == plan.digest().ok()
}

impl Simulation {
    pub(crate) fn plan_people(&mut self) {
        self.people.signed = self.rng.percent(85);
        for _ in 0..self.rng.between(0, 3) {
            self.later(6_000, None, What::PersonSays);
        }
    }

    /// Somebody says something, at any time.
    pub(crate) fn person_says(&mut self) {
        let who = NAMES[usize::try_from(self.rng.between(0, 3)).unwrap()];
        match self.rng.between(0, 9) {
            0 => {
                self.people.revoked.insert(who);
            }
            1 if self.rng.percent(30) => self.people.rejected = true,
            _ => self.people.said.push(who),
        }
    }

    /// A process stays with the waiting run and sees what people say. `false`: nobody says anything more.
    pub(crate) fn waits_for_people(&mut self) -> bool {
        if !matches!(self.run.status(), Status::Waiting(_)) || !self.rng.percent(70) {
            return false;
        }
        self.now += self.rng.between(0, 5_000);
        self.person_says();
        self.people.reconsidered += 1;
        let at = self.at();
        let event = if self.people.rejected {
            Event::TurnedDown { by: "dan".into(), reason: "no".into(), at }
        } else {
            Event::Reconsidered { at }
        };
        self.feed(event);
        true
    }
}
