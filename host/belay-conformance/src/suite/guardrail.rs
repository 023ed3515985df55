//! What is tried of a guardrail. Doubt must deny: facts that lack what a denial rested on must not be allowed.

use belay_domain::json::Json;
use belay_domain::state::Fault;
use belay_domain::verdict::{Judgement, Verdict};
use belay_sandbox::{CallError, CanonicalText, Guardrail};

use super::strange_facts::{lacking, nonsense, valid};
use super::{held_against_fault, nonsense_configs, of_fixture, says};
use crate::bench::{Bench, Heard};
use crate::fixture::{Expected, Fixtures, Judged, VerdictName};
use crate::report::{Check, Tried};

/// A guardrail on the bench.
pub(crate) struct Trial<'b, 'p> {
    pub(crate) bench: &'b Bench<'p>,
    pub(crate) policy: Guardrail<'p>,
}

impl Trial<'_, '_> {
    async fn judge(&self, facts: &Json, config: &Json) -> Heard<Judgement> {
        let (facts, config) = (CanonicalText::from(facts), CanonicalText::from(config));
        self.bench.heard(self.policy.judge(&facts, &config).await)
    }

    /// The author's own cases.
    pub(crate) async fn fixtures(&self, fixtures: &Fixtures) -> Vec<Check> {
        let mut checks = Vec::new();
        for named in &fixtures.judged {
            let Judged { facts, config, expect } = &named.case;
            checks.push(of_fixture(&named.name, held(expect, &self.judge(facts, config).await)));
        }
        checks
    }

    /// Each case's call.
    pub(crate) async fn tried(&self, fixtures: &Fixtures) -> Vec<Tried> {
        let mut tried = Vec::new();
        for named in &fixtures.judged {
            tried.push(self.judge(&named.case.facts, &named.case.config).await.tried);
        }
        tried
    }

    /// The suite.
    pub(crate) async fn checks(&self, fixtures: &Fixtures) -> Vec<Check> {
        vec![
            self.twice(fixtures).await,
            self.strange_but_valid(fixtures).await,
            self.no_facts(fixtures).await,
            self.doubt_denies(fixtures).await,
            self.no_config().await,
        ]
    }

    async fn twice(&self, fixtures: &Fixtures) -> Check {
        let mut failed = Vec::new();
        for named in &fixtures.judged {
            let Judged { facts, config, .. } = &named.case;
            let (one, other) = (self.judge(facts, config).await, self.judge(facts, config).await);
            if one.output != other.output {
                failed.push(format!("{}: two equal calls gave different verdicts", named.name));
            } else if one.tried.fuel != other.tried.fuel {
                failed.push(format!("{}: two equal calls burnt different fuel", named.name));
            }
        }
        Check::of("the same facts get the same verdict, byte for byte", fixtures.judged.len() * 2, failed)
    }

    async fn strange_but_valid(&self, fixtures: &Fixtures) -> Check {
        let (facts, mut failed, mut tried) = (valid(), Vec::new(), 0);
        for config in configs(fixtures) {
            for (name, facts) in &facts {
                tried += 1;
                if let Err(error) = self.judge(facts, config).await.result {
                    failed.extend(refusal(name, &error));
                }
            }
        }
        Check::of("odd but valid facts get a verdict", tried, failed)
    }

    async fn no_facts(&self, fixtures: &Fixtures) -> Check {
        let (facts, mut failed, mut tried) = (nonsense(), Vec::new(), 0);
        for config in configs(fixtures) {
            for (name, facts) in &facts {
                tried += 1;
                failed.extend(self.judge(facts, config).await.crash().map(|why| format!("{name}: {why}")));
            }
        }
        Check::of("facts that are none crash nothing", tried, failed)
    }

    async fn doubt_denies(&self, fixtures: &Fixtures) -> Check {
        const NAME: &str = "what lacks a fact is not allowed for it";
        let (mut failed, mut tried, mut barred) = (Vec::new(), 0, false);
        for named in &fixtures.judged {
            let Judged { facts, config, .. } = &named.case;
            let bars = |heard: &Heard<Judgement>| {
                heard.result.as_ref().is_ok_and(|judgement| judgement.verdict != Verdict::Allow)
            };
            if !bars(&self.judge(facts, config).await) {
                continue;
            }
            barred = true;
            for (lacks, facts) in lacking(facts) {
                tried += 1;
                let heard = self.judge(&facts, config).await;
                if heard.result.as_ref().is_ok_and(|judgement| judgement.verdict == Verdict::Allow) {
                    failed.push(format!("{}: allowed where the facts lack {lacks}", named.name));
                }
                failed.extend(heard.crash().map(|why| format!("{}: without {lacks}: {why}", named.name)));
            }
        }
        if barred { Check::of(NAME, tried, failed) } else { Check::left_out(NAME, "no fixture is denied") }
    }

    async fn no_config(&self) -> Check {
        let (mut failed, mut tried) = (Vec::new(), 0);
        let Some((_, facts)) = valid().into_iter().next() else { return Check::of(NO_CONFIG, 0, failed) };
        for config in nonsense_configs() {
            tried += 1;
            failed
                .extend(self.judge(&facts, &config).await.crash().map(|why| format!("{}: {why}", config.canonical())));
        }
        Check::of(NO_CONFIG, tried, failed)
    }
}

const NO_CONFIG: &str = "a configuration that makes no sense crashes nothing";

/// Each configuration of the fixtures that is meant to work, once.
fn configs(fixtures: &Fixtures) -> Vec<&Json> {
    let mut configs: Vec<&Json> = Vec::new();
    let works = fixtures.judged.iter().filter(|named| named.case.expect.fault.is_none());
    for named in works {
        if !configs.contains(&&named.case.config) {
            configs.push(&named.case.config);
        }
    }
    configs
}

/// A guardrail may decline a case that it knows; anything else than an answer is its own failure.
fn refusal(name: &str, error: &CallError) -> Option<String> {
    let declined = matches!(error, CallError::Fault(Fault::Unsupported(_)));
    (!declined).then(|| format!("{name}: {error}"))
}

fn held(expect: &Expected, heard: &Heard<Judgement>) -> Result<(), String> {
    if let Some(held) = held_against_fault(expect, heard) {
        return held;
    }
    let Ok(judgement) = &heard.result else { return Ok(()) };
    let (found, reasons) = match &judgement.verdict {
        Verdict::Allow => (VerdictName::Allow, Vec::new()),
        Verdict::Deny(reasons) => (VerdictName::Deny, reasons.clone()),
        Verdict::NeedsApprovals(quorums) => {
            let quorum = |quorum: &belay_domain::verdict::Quorum| {
                format!("{} approvals of {}: {}", quorum.approvals, quorum.role, quorum.because)
            };
            (VerdictName::NeedsApprovals, quorums.iter().map(quorum).collect())
        }
    };
    let factors = judgement.factors.iter().map(|factor| &factor.cause);
    let said = reasons.iter().chain(&judgement.notes).chain(factors).cloned().collect::<Vec<_>>().join("; ");
    match expect.verdict {
        Some(wanted) if wanted != found => {
            Err(format!("{} was expected, it says {}: {said}", word(wanted), word(found)))
        }
        Some(_) | None => says(expect, &said),
    }
}

const fn word(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Allow => "allow",
        VerdictName::Deny => "deny",
        VerdictName::NeedsApprovals => "needs_approvals",
    }
}
