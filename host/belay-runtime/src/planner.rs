//! Makes plans: lets plugins observe and propose, has the plan checker examine what they propose, weighs it and lets
//! the guardrails judge it. Writes nothing but records of its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use belay_domain::assess::{self, Around, Situation};
use belay_domain::digest::Digest;
use belay_domain::examined::Examined;
use belay_domain::facts::{Case, Facts, Mode, PinFacts};
use belay_domain::feature_set::{FeatureSet, Tier};
use belay_domain::id::{EnvironmentName, Millis, PluginName, ResourceName, StageName, StepId};
use belay_domain::json::Json;
use belay_domain::mandate::{Destination, Purpose};
use belay_domain::operation::{Change, RiskFactor};
use belay_domain::plan::{StagePlan, StepPlan, Subject, Target, Work};
use belay_domain::plan_check;
use belay_domain::ramp::{self, PlannedPart};
use belay_domain::risk::Assessment;
use belay_domain::state::{Context, Desired, State};
use belay_domain::verdict::{Judgement, Verdict};
use belay_engine::look_again_after_ms;
use belay_sandbox::{Access, Call, CanonicalText, Reads};

use crate::api::{Error, FailureKind, GuardrailFailure, GuardrailVerdict};
use crate::around;
use crate::clock;
use crate::down::{self, Unanswered};
use crate::host::Host;
use crate::one_look::OneLook;
use crate::quarantine;
use crate::record::{self, Cause};
use crate::workspace::{Environment, Guardrail};

/// What every plan of a run shares.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) host: Arc<Host>,
    pub(crate) cause: Cause,
    pub(crate) environment_name: EnvironmentName,
    pub(crate) environment: Environment,
    pub(crate) feature_set: FeatureSet,
    pub(crate) purpose: Purpose,
    pub(crate) destination: Destination,
    pub(crate) runbook: belay_domain::mandate::Named<belay_domain::id::RunbookName>,
    /// The resources that the run restores.
    pub(crate) restored: BTreeSet<ResourceName>,
    /// Resources that it leaves as they are though they are made from what it restores: somebody said that it may.
    pub(crate) may_leave: BTreeSet<ResourceName>,
    /// What the run goes back to, for the facts.
    pub(crate) pins: Vec<PinFacts>,
    /// The probes of its checks.
    pub(crate) probes: Vec<PluginName>,
    /// The stages of the run, for the facts.
    pub(crate) stages: Vec<StageName>,
    /// How the run that is undone left each resource; empty where none is.
    pub(crate) left: BTreeMap<ResourceName, State>,
    /// What makes the keys of this run's operations its own.
    pub(crate) key: String,
}

/// A plan, and what the host and the guardrails make of it.
pub(crate) struct Judged {
    pub(crate) plan: StagePlan,
    pub(crate) finding: Finding,
    /// When planning began: what plugins and guardrails were told.
    pub(crate) at: Millis,
}

/// What the host and the guardrails make of a plan.
pub(crate) enum Finding {
    /// It breaks rules.
    Violates(Vec<String>),
    /// It keeps them.
    Judged { examined: Examined, assessment: Assessment, facts: Json, verdicts: Vec<GuardrailVerdict> },
}

/// What a stage is to do: its place, its name, and what each step is about.
pub(crate) struct StageToPlan<'s> {
    pub(crate) index: u32,
    pub(crate) name: &'s StageName,
    pub(crate) steps: Vec<StepToPlan<'s>>,
    /// What the run has skipped until now, because a system is down.
    pub(crate) skipped: &'s BTreeSet<ResourceName>,
}

/// A step to plan.
pub(crate) struct StepToPlan<'s> {
    pub(crate) id: StepId,
    pub(crate) subject: &'s Subject,
    /// The first part of its ramp that is not left behind; 0 where it has none.
    pub(crate) from: u32,
}

/// The path that a resource is planned along.
#[derive(Clone, Copy)]
enum Way {
    /// To what is wanted.
    Straight,
    /// To this part of its ramp.
    To(u32),
    /// By way of the parts of its ramp that it has not passed, and not before this one.
    From(u32),
}

impl Way {
    /// The first part of the path, and what is wanted at each part.
    fn of(self, target: &Target, observed: &State) -> (u32, Vec<Desired>) {
        let straight = (0, vec![target.desired.clone()]);
        let Some(ramp) = &target.ramp else { return straight };
        match self {
            Self::Straight => straight,
            Self::To(part) => (part, ramp.desired(part).into_iter().collect()),
            Self::From(from) => {
                let start = ramp.start(&observed.content, from);
                (start, ramp.path_from(start))
            }
        }
    }
}

/// What one look at a resource found.
struct Found {
    work: Work,
    parts: Vec<PlannedPart>,
    /// It is as wanted, and its plugin can't say that it is served so: that may be a matter of time.
    may_still_be_served: bool,
}

/// What guardrails are told of a plan besides the plan.
#[derive(Clone, Copy)]
struct Seen<'a> {
    restored: &'a BTreeSet<ResourceName>,
    skipped: &'a BTreeSet<ResourceName>,
    around: &'a Around,
    quarantined: &'a BTreeSet<ResourceName>,
}

impl Ground {
    /// Observes and plans the steps side by side, then examines, assesses and judges the whole.
    pub(crate) async fn plan(&self, stage: &StageToPlan<'_>) -> Result<Judged, Error> {
        let at = clock::now();
        let targets = stage.steps.iter().filter_map(|step| step.subject.target());
        self.host.load(targets.map(|target| &target.plugin))?;
        let steps = futures_util::future::join_all(stage.steps.iter().map(|step| self.plan_step(step, at)));
        let steps = steps.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let plan = StagePlan {
            environment: self.environment_name.clone(),
            index: stage.index,
            stage: stage.name.clone(),
            steps,
        };
        let finding = self.find(&plan, stage.skipped, at).await?;
        Ok(Judged { plan, finding, at })
    }

    async fn plan_step(&self, step: &StepToPlan<'_>, at: Millis) -> Result<StepPlan, Error> {
        let (work, parts) = match step.subject {
            Subject::Manual { .. } => (Work::Person, Vec::new()),
            Subject::Resource(target) => self.work_in_the_end(step.id, target, Way::From(step.from), at).await?,
        };
        Ok(StepPlan { id: step.id, subject: step.subject.clone(), work, parts })
    }

    /// What is as wanted and was written a moment ago, by a run that was interrupted or by anybody else, need not be served
    /// yet: it is asked again as after a write of one's own.
    async fn work_in_the_end(
        &self,
        id: StepId,
        target: &Target,
        way: Way,
        at: Millis,
    ) -> Result<(Work, Vec<PlannedPart>), Error> {
        let patience_ms = self.environment.connections.get(&target.at.connection).map_or(0, |spec| spec.patience_ms());
        let since = Instant::now();
        loop {
            let looked = waited_ms(since);
            let found = self.work(id, target, way, at).await?;
            if !found.may_still_be_served || looked >= patience_ms {
                return Ok((found.work, found.parts));
            }
            tokio::time::sleep(Duration::from_millis(look_again_after_ms(waited_ms(since)))).await;
        }
    }

    async fn work(&self, id: StepId, target: &Target, way: Way, at: Millis) -> Result<Found, Error> {
        let blind = |what: &str, Unanswered { reason, cause, .. }, may_still_be_served| {
            Ok(Found {
                work: Work::Blind { reason: format!("{what}: {reason}"), cause },
                parts: Vec::new(),
                may_still_be_served,
            })
        };
        let look = Arc::new(OneLook::through(self.host.lines(&self.environment_name, &self.environment)));
        let access = access(target, Arc::clone(&look) as Arc<dyn Reads>);
        let observed = match self.observe_through(&access, target).await? {
            Ok(observed) => observed,
            Err(unanswered) => return blind("can't be observed", unanswered, false),
        };
        look.plan();
        let moment = Context { now: at, key: format!("{}/{}.{}", self.key, id.stage, id.step) };
        let (first, path) = way.of(target, &observed);
        let changes = match self.propose(&access, target, &moment, &observed, &path).await? {
            Ok(changes) => changes,
            Err(unanswered) => {
                let as_wanted = path.first().is_some_and(|first| first.is_met_by(&observed.content));
                let may_still_be_served = as_wanted && unanswered.may_pass;
                return blind("can't be put back", unanswered, may_still_be_served);
            }
        };
        let (change, parts) = ramp::joined(first, changes);
        let parts = if target.ramp.is_some() { parts } else { Vec::new() };
        Ok(Found { work: Work::Change { observed, change }, parts, may_still_be_served: false })
    }

    /// The resource's state now, or why it can't be told.
    pub(crate) async fn observe(&self, target: &Target) -> Result<Result<State, Unanswered>, Error> {
        let lines = self.host.lines(&self.environment_name, &self.environment);
        self.observe_through(&access(target, lines), target).await
    }

    async fn observe_through(&self, access: &Access, target: &Target) -> Result<Result<State, Unanswered>, Error> {
        let plugin = self.host.plugin(&target.plugin)?;
        let Some(reverter) = plugin.as_reverter() else { return Ok(Err(no_reverter(&target.plugin))) };
        let call = reverter.observe(access, &target.to_resource()).await;
        self.answer(&target.plugin, call)
    }

    /// What the plugin proposes to get from a state along a path: one change for each state on it.
    async fn propose(
        &self,
        access: &Access,
        target: &Target,
        moment: &Context,
        observed: &State,
        path: &[Desired],
    ) -> Result<Result<Vec<Change>, Unanswered>, Error> {
        let plugin = self.host.plugin(&target.plugin)?;
        let Some(reverter) = plugin.as_reverter() else { return Ok(Err(no_reverter(&target.plugin))) };
        let wanted = path.len();
        let call = reverter.plan(access, moment, &target.to_resource(), observed, path).await;
        let changes = self.answer(&target.plugin, call)?;
        Ok(changes.and_then(|changes| match changes.len() {
            found if found == wanted => Ok(changes),
            found => Err(Unanswered::other(format!("it proposed {found} changes for a path of {wanted}"))),
        }))
    }

    /// Observes a resource and plans it again, to what is wanted or to a part of its ramp: what was found, and how many
    /// operations it would still take.
    pub(crate) async fn confirm(
        &self,
        id: StepId,
        target: &Target,
        part: Option<u32>,
    ) -> Result<(Result<State, String>, u32), Error> {
        let way = part.map_or(Way::Straight, Way::To);
        Ok(match self.work(id, target, way, clock::now()).await?.work {
            Work::Change { observed, change } => (Ok(observed), crate::resolve::count(change.operations.len())),
            Work::Blind { reason, .. } => (Err(reason), 0),
            Work::Person => (Err("a person's work can't be observed".to_owned()), 0),
        })
    }

    /// The components in use now: reverters of the run's resources, and every guardrail.
    pub(crate) fn components(&self) -> BTreeMap<PluginName, Digest> {
        let reverters = self.feature_set.resources().iter().filter(|spec| self.restored.contains(&spec.name));
        let reverters = reverters.map(|spec| &spec.plugin);
        let guardrails = self.host.workspace.guardrails.iter().map(|guardrail| &guardrail.plugin);
        let named = reverters.chain(guardrails).chain(&self.probes);
        named.filter_map(|name| Some((name.clone(), self.host.pinned(name).ok()?))).collect()
    }

    /// Records a call; its answer, or why there is none.
    pub(crate) fn answer<T>(
        &self,
        plugin: &belay_domain::id::PluginName,
        call: Call<T>,
    ) -> Result<Result<T, Unanswered>, Error> {
        record::call(&self.host.ledger, &self.cause, plugin, &call.record)?;
        let (cause, may_pass) = (down::cause(&call), down::may_pass(&call));
        Ok(call.result.map_err(|error| Unanswered { reason: format!("{plugin}: {error}"), cause, may_pass }))
    }

    async fn find(&self, plan: &StagePlan, skipped: &BTreeSet<ResourceName>, at: Millis) -> Result<Finding, Error> {
        // What could not be seen can be neither examined nor judged; the steps that could still are.
        let rules = self.environment.rules();
        let examined = match plan_check::examine(plan, &rules) {
            Ok(examined) => examined,
            Err(violations) => return Ok(Finding::Violates(violations.iter().map(ToString::to_string).collect())),
        };
        let left_behind = self.left_behind(plan).await?;
        if !left_behind.is_empty() {
            return Ok(Finding::Violates(left_behind));
        }
        let restored: BTreeSet<ResourceName> = self.restored.difference(skipped).cloned().collect();
        let left = assess::left_downstream(&self.feature_set, plan, &restored);
        let downstream: Vec<Tier> = left.iter().map(|_| self.feature_set.tier()).collect();
        let own = self.as_left(plan);
        let situation = Situation {
            plan,
            examined: &examined,
            connections: &rules,
            feature_set: &self.feature_set,
            downstream: &downstream,
            now: at,
            point_age_ms: self.point_age(at),
            max_point_age_ms: Some(self.environment.risk.limits.max_point_age_ms.value),
            own: &own,
            factors: &[],
            around: around::of(self)?,
            weights: &self.environment.risk.weights,
        };
        let quarantined = self.back_to_quarantined(plan)?;
        let first = self.raised(assess::assess(&situation), plan, &quarantined);
        let seen = Seen { restored: &restored, skipped, around: &situation.around, quarantined: &quarantined };
        let facts = self.facts(plan, &examined, &first, seen, at)?;
        let verdicts = self.judge(&CanonicalText::from(&facts)).await?;
        let factors: Vec<RiskFactor> =
            verdicts.iter().filter(|v| v.enforced).flat_map(|v| v.judgement.factors.clone()).collect();
        let assessment = assess::assess(&Situation { factors: &factors, ..situation });
        let assessment = self.raised(assessment, plan, &quarantined);
        Ok(Finding::Judged { examined, assessment, facts, verdicts })
    }

    /// The resources that are as the run left them that is undone.
    fn as_left(&self, plan: &StagePlan) -> BTreeSet<ResourceName> {
        let as_left = plan.steps.iter().filter_map(|step| {
            let (Subject::Resource(target), Work::Change { observed, .. }) = (&step.subject, &step.work) else {
                return None;
            };
            let left = self.left.get(&target.resource)?;
            (left.content == observed.content).then(|| target.resource.clone())
        });
        as_left.collect()
    }

    /// The resources that a plan takes back into a content that is quarantined.
    fn back_to_quarantined(&self, plan: &StagePlan) -> Result<BTreeSet<ResourceName>, Error> {
        let quarantine = quarantine::of(&self.host.ledger, &self.environment_name)?;
        let held = plan.operations().filter_map(|planned| {
            let Desired::Pinned(pin) = &planned.target.desired else { return None };
            quarantine.holds(&planned.target.at, &pin.state.content_digest())?;
            Some(planned.target.resource.clone())
        });
        Ok(held.collect())
    }

    /// A band more, where something goes back into what is quarantined.
    fn raised(&self, assessment: Assessment, plan: &StagePlan, quarantined: &BTreeSet<ResourceName>) -> Assessment {
        if quarantined.is_empty() {
            return assessment;
        }
        let bands = &self.environment.risk.limits.bands_of(&plan.stage).value;
        let names: Vec<_> = quarantined.iter().map(ResourceName::as_str).collect();
        assess::raise_by_a_band(assessment, bands, &format!("{} goes back into quarantine", names.join(", ")))
    }

    fn point_age(&self, at: Millis) -> Option<u64> {
        match &self.destination {
            Destination::Point { captured_at, .. } => Some(at.since(*captured_at)),
            Destination::Before { at: moment } => Some(at.since(*moment)),
            Destination::Versions { .. } | Destination::UndoPoint { .. } => None,
        }
    }

    /// What guardrails are given.
    fn facts(
        &self,
        plan: &StagePlan,
        examined: &Examined,
        assessment: &Assessment,
        seen: Seen<'_>,
        at: Millis,
    ) -> Result<Json, Error> {
        let facts = Facts::of(&Case {
            mode: Mode::Live,
            purpose: &self.purpose,
            now: at,
            requester: &self.cause.requester.name,
            incident: self.cause.incident.as_ref(),
            runbook: &self.runbook,
            feature_set: &self.feature_set,
            destination: &self.destination,
            stages: &self.stages,
            restored: seen.restored,
            skipped: seen.skipped,
            pins: &self.pins,
            plan,
            examined,
            assessment,
            around: seen.around,
            quarantined: seen.quarantined,
        });
        Json::from(&facts).map_err(|error| Error::failed(format!("the facts can't be told: {error}")))
    }

    async fn judge(&self, facts: &CanonicalText) -> Result<Vec<GuardrailVerdict>, Error> {
        let guardrails = &self.host.workspace.guardrails;
        let verdicts = futures_util::future::join_all(guardrails.iter().map(|guardrail| self.ask(guardrail, facts)));
        verdicts.await.into_iter().collect()
    }

    /// Doubt denies: a guardrail that can't answer, for whatever reason, has denied. The reason says that it was the
    /// plugin that failed, and how.
    async fn ask(&self, guardrail: &Guardrail, facts: &CanonicalText) -> Result<GuardrailVerdict, Error> {
        let answer = match self.host.find_plugin(&guardrail.plugin) {
            Err(absent) => Err(GuardrailFailure { kind: absent.kind, reason: absent.error.what }),
            Ok(plugin) => match plugin.as_guardrail() {
                None => {
                    let reason = not_a("guardrail", &guardrail.plugin);
                    Err(GuardrailFailure { kind: FailureKind::OtherWorld, reason })
                }
                Some(policy) => {
                    let call = policy.judge(facts, &(&guardrail.config).into()).await;
                    let kind = call.result.as_ref().err().map_or(FailureKind::NotCalled, FailureKind::of);
                    let answer = self.answer(&guardrail.plugin, call)?;
                    answer.map_err(|unanswered| GuardrailFailure { kind, reason: unanswered.reason })
                }
            },
        };
        let (judgement, failed) = match answer {
            Ok(judgement) => (judgement, None),
            Err(failure) => {
                let said = format!("{failure}; doubt denies");
                let judgement = Judgement { verdict: Verdict::Deny(vec![said]), factors: vec![], notes: vec![] };
                (judgement, Some(failure))
            }
        };
        Ok(GuardrailVerdict { plugin: guardrail.plugin.clone(), enforced: guardrail.enforced, judgement, failed })
    }
}

/// A probe's configuration, with the names of the connections that it may read.
pub(crate) fn with_connections(config: &Json, connections: &[belay_domain::id::ConnectionName]) -> Result<Json, Error> {
    let mut value = config.value().clone();
    if let Some(object) = value.as_object_mut() {
        object.insert("connections".to_owned(), serde_json::json!(connections));
    }
    Json::new(value).map_err(|error| Error::usage(error.to_string()))
}

fn waited_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What a call about a resource may reach.
fn access(target: &Target, reads: Arc<dyn Reads>) -> Access {
    Access::new(reads, std::iter::once(&target.at.connection).chain(&target.connections).cloned())
}

fn no_reverter(plugin: &PluginName) -> Unanswered {
    Unanswered::other(not_a("reverter", plugin))
}

pub(crate) fn not_a(world: &str, plugin: &belay_domain::id::PluginName) -> String {
    format!("`{plugin}` is no {world}")
}
