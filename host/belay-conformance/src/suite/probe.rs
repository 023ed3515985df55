//! What is tried of a probe. No data is never a number: a read without an answer must not become a measurement.

use belay_domain::state::Measurement;
use belay_sandbox::Probe;

use super::{held_against_fault, nonsense_configs, of_fixture, says};
use crate::bench::{Bench, Heard, moment};
use crate::fixture::{Expected, Fixtures, Measured, Named};
use crate::report::{Check, Tried};
use crate::systems::{Desk, Mischief};

/// A probe on the bench.
pub(crate) struct Trial<'b, 'p> {
    pub(crate) bench: &'b Bench<'p>,
    pub(crate) probe: Probe<'p>,
}

impl Trial<'_, '_> {
    async fn measure(&self, case: &Measured, wrong: Option<(usize, Mischief)>) -> Heard<Vec<Measurement>> {
        let access = Desk::access(&case.systems, &case.connections, wrong);
        self.bench.heard(self.probe.measure(&access, &moment(), &case.config, None).await)
    }

    /// The author's own cases.
    pub(crate) async fn fixtures(&self, fixtures: &Fixtures) -> Vec<Check> {
        let mut checks = Vec::new();
        for Named { name, case } in &fixtures.measured {
            checks.push(of_fixture(name, held(&case.expect, &self.measure(case, None).await)));
        }
        checks
    }

    /// Each case's call.
    pub(crate) async fn tried(&self, fixtures: &Fixtures) -> Vec<Tried> {
        let mut tried = Vec::new();
        for named in &fixtures.measured {
            tried.push(self.measure(&named.case, None).await.tried);
        }
        tried
    }

    /// The suite.
    pub(crate) async fn checks(&self, fixtures: &Fixtures) -> Vec<Check> {
        let (mut twice, mut unanswered, mut garbled) = (Vec::new(), Tally::default(), Tally::default());
        for Named { name, case } in &fixtures.measured {
            let (one, other) = (self.measure(case, None).await, self.measure(case, None).await);
            if one.output != other.output {
                twice.push(format!("{name}: two equal calls measured differently"));
            }
            for read in 0..one.reads {
                for mischief in Mischief::UNANSWERED {
                    let heard = self.measure(case, Some((read, mischief))).await;
                    unanswered.tell(invented(&one, &heard).map(|why| told(name, read, mischief, &why)));
                }
                for mischief in Mischief::GARBLED {
                    let heard = self.measure(case, Some((read, mischief))).await;
                    garbled.tell(heard.crash().map(|why| told(name, read, mischief, &why)));
                }
            }
        }
        vec![
            Check::of("the same reads give the same measurement, byte for byte", fixtures.measured.len() * 2, twice),
            Check::of("a read without an answer is no measurement", unanswered.tried, unanswered.failed),
            Check::of("answers that make no sense crash nothing", garbled.tried, garbled.failed),
            self.no_config(fixtures).await,
        ]
    }

    async fn no_config(&self, fixtures: &Fixtures) -> Check {
        let mut tally = Tally::default();
        for config in nonsense_configs() {
            let Some(named) = fixtures.measured.first() else { break };
            let case = Measured { config: config.clone(), ..named.case.clone() };
            tally.tell(self.measure(&case, None).await.crash().map(|why| format!("{}: {why}", config.canonical())));
        }
        Check::of("a configuration that makes no sense crashes nothing", tally.tried, tally.failed)
    }
}

/// What was tried, and what of it failed.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) tried: usize,
    pub(super) failed: Vec<String>,
}

impl Tally {
    pub(super) fn tell(&mut self, failed: Option<String>) {
        self.tried += 1;
        self.failed.extend(failed);
    }
}

/// A failure with the read that went wrong.
pub(super) fn told(name: &str, read: usize, mischief: Mischief, why: &str) -> String {
    format!("{name}: read {} {}: {why}", read + 1, mischief.words())
}

/// Why an answer to a call that was let down can't stand: it has a value that it didn't have otherwise.
fn invented(undisturbed: &Heard<Vec<Measurement>>, heard: &Heard<Vec<Measurement>>) -> Option<String> {
    if let Some(crash) = heard.crash() {
        return Some(crash);
    }
    let Ok(measured) = &heard.result else { return None };
    let known: Vec<_> = undisturbed.result.iter().flatten().map(|known| (&known.name, &known.value)).collect();
    let odd = measured.iter().find(|one| one.value.is_some() && !known.contains(&(&one.name, &one.value)))?;
    Some(format!("it measured {} = {} all the same", odd.name, odd.value.as_deref().unwrap_or_default()))
}

fn held(expect: &Expected, heard: &Heard<Vec<Measurement>>) -> Result<(), String> {
    if let Some(held) = held_against_fault(expect, heard) {
        return held;
    }
    let Some(first) = heard.result.iter().flatten().next() else { return Err("it measured nothing".to_owned()) };
    match (&first.value, &expect.value, expect.no_data) {
        (Some(value), _, Some(true)) => Err(format!("no data was expected, it measured {value}")),
        (found, Some(wanted), _) if found.as_ref() != Some(wanted) => {
            Err(format!("{wanted} was expected, it measured {}", found.as_deref().unwrap_or("no data")))
        }
        _ => says(expect, &first.detail),
    }
}
