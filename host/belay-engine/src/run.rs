//! One run: what was asked, what has happened, how it stands. Never performs anything.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::check::{Check, CheckResult, Watch};
use belay_domain::examined::ExaminedOperation;
use belay_domain::id::{Epoch, Millis, ResourceName, StepId};
use belay_domain::operation::Operation;
use belay_domain::plan::Target;
use belay_domain::ramp::Ramp;
use belay_domain::state::{Desired, Pin, State};

use crate::command::{Act, Command};
use crate::event::{ActId, Event, WakeId};
use crate::failure::{Failed, Failure, Response};
use crate::outlook::{Ending, Halt, Pause, Wait};
use crate::rejected::Rejected;
use crate::spec::{RunSpec, StageSpec, StepSpec};
use crate::stage::{Permit, StageRun};
use crate::step::{StepRun, StepStatus};

/// One run. Equal journals make equal runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    pub(crate) spec: RunSpec,
    pub(crate) owner: String,
    pub(crate) epoch: Epoch,
    pub(crate) phase: Phase,
    /// Its stages in the order in which their turns come: those of the specification, and after a failure what follows.
    pub(crate) course: Vec<StageSpec>,
    pub(crate) failure: Option<Failure>,
    /// The stage whose turn it is; past the last once all are restored.
    pub(crate) current: usize,
    pub(crate) stages: Vec<StageRun>,
    pub(crate) checks: Vec<CheckRun>,
    pub(crate) restored_at: Option<Millis>,
    /// Until when an owner from whom the run was taken may still act on an open intent.
    pub(crate) rival_until: Option<Millis>,
    pub(crate) next_act: u32,
    pub(crate) next_wake: u32,
    /// When the run has taken its time.
    pub(crate) due: Option<WakeId>,
}

/// How a run stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// The current stage is under way.
    Working,
    /// All stages are restored; checks measure.
    Checking,
    /// The current stage needs people's approval.
    Waiting(Wait),
    /// Nothing starts any more; what is under way ends.
    Stopping(Stop),
    /// A person wants it to rest.
    Paused(Pause),
    /// Something failed; it is being recorded that the run goes on from that.
    Failing { failed: Failed, response: Response },
    /// Can be resumed.
    Halted { halt: Halt, at: Millis },
    /// Ended; the receipt is not recorded yet.
    Ended { ending: Ending, at: Millis },
    /// Ended for good.
    Sealed { ending: Ending, at: Millis },
}

/// What a stopping run becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    Halt(Halt),
    Pause(Pause),
    End(Ending),
}

/// One check on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CheckRun {
    pub(crate) watch: Watch,
    /// The check's own clock: it never steps back.
    pub(crate) now: Millis,
    /// The last moment that an event told.
    pub(crate) last: Millis,
    pub(crate) status: CheckStatus,
}

/// Where a check stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CheckStatus {
    /// It did not come to that.
    NotMade,
    Measuring,
    Waiting {
        wake: WakeId,
        pause_ms: u64,
    },
    Ended(CheckResult),
}

impl Run {
    /// Begins a run with the first event of its journal, which must be [`Event::Opened`].
    ///
    /// # Errors
    /// [`Rejected::Opening`] for any other event, [`Rejected::Spec`] where the specification's parts don't fit.
    pub fn open(opened: Event) -> Result<(Self, Vec<Command>), Rejected> {
        crate::transition::open(opened)
    }

    /// Takes one event and says what is to be done now. Events come in the ledger's order. Commands are performed only
    /// once a barrier ([`Event::is_barrier`]) is durable; what follows from other events rests on nothing but reads,
    /// and an act waits for its own intent anyway.
    ///
    /// # Errors
    /// An event that doesn't fit is rejected, and the run is as it was before: repeated and late answers do no harm.
    pub fn apply(&mut self, event: Event) -> Result<Vec<Command>, Rejected> {
        crate::transition::apply(self, event)
    }

    /// Makes a run again from its journal. Commands are discarded: [`Event::Resumed`] or [`Event::TakenOver`] makes it
    /// go on. Events that were rejected when they came are rejected again, and change nothing.
    ///
    /// # Errors
    /// Where the journal doesn't begin with a fitting [`Event::Opened`].
    pub fn fold(journal: impl IntoIterator<Item = Event>) -> Result<Self, Rejected> {
        let mut journal = journal.into_iter();
        let (mut run, _) = Self::open(journal.next().ok_or(Rejected::Opening)?)?;
        for event in journal {
            let _rejected_again = run.apply(event);
        }
        Ok(run)
    }

    /// Whether an act may be intended now. To be asked inside the transaction that records the intent, after the
    /// entries of others were fed: an abort or a takeover may have come in between.
    ///
    /// # Errors
    /// [`Rejected::NotExpected`] where the run stops or the act was never asked for, [`Rejected::StaleEpoch`] where
    /// somebody else owns the run.
    pub fn may_act(&self, act: ActId, epoch: Epoch) -> Result<(), Rejected> {
        if epoch != self.epoch {
            return Err(Rejected::StaleEpoch { given: epoch, current: self.epoch });
        }
        match (&self.phase, self.starting(act)) {
            (Phase::Working, Some(_)) => Ok(()),
            _ => Err(Rejected::NotExpected("intent")),
        }
    }

    /// What the run was made from.
    pub const fn spec(&self) -> &RunSpec {
        &self.spec
    }

    /// Its stages, in the order in which their turns come.
    pub fn stages(&self) -> &[StageSpec] {
        &self.course
    }

    /// One step.
    pub fn step_spec(&self, id: StepId) -> Option<&StepSpec> {
        self.stages().get(id.stage as usize)?.steps.get(id.step as usize)
    }

    /// The run's owner and its epoch.
    pub fn owner(&self) -> (&str, Epoch) {
        (&self.owner, self.epoch)
    }

    /// Whether the run has ended for good.
    pub const fn is_sealed(&self) -> bool {
        matches!(self.phase, Phase::Sealed { .. })
    }

    /// The resource that a step is about; none for manual steps.
    pub fn target(&self, step: StepId) -> Option<&Target> {
        self.step_spec(step)?.subject.target()
    }

    /// An operation of the latest permitted plan.
    pub fn operation(&self, step: StepId, index: u32) -> Option<&Operation> {
        self.permit(step)?.operation(step, index)
    }

    /// The same, as the plan checker saw it.
    pub fn examined(&self, step: StepId, index: u32) -> Option<&ExaminedOperation> {
        self.permit(step)?.examined(step, index)
    }

    /// Where the plan of a step's ramp may begin: the first part that is not left behind. 0 for other steps.
    pub fn next_part(&self, step: StepId) -> u32 {
        self.step(step).map_or(0, StepRun::next_part)
    }

    /// Whether nothing is under way or waited for: it goes on when somebody says so, or is sealed.
    pub const fn is_at_rest(&self) -> bool {
        match &self.phase {
            Phase::Waiting(_) | Phase::Paused(_) | Phase::Halted { .. } | Phase::Sealed { .. } => true,
            Phase::Working | Phase::Checking | Phase::Stopping(_) | Phase::Failing { .. } | Phase::Ended { .. } => {
                false
            }
        }
    }

    /// Whether a step of the current stage stands on a part of its ramp that is not the last, and has not left it.
    pub fn stands_on_ramp(&self) -> bool {
        self.stage().is_some_and(|stage| stage.steps.iter().any(|step| step.standing().is_some()))
    }

    pub(crate) fn ramp(&self, step: StepId) -> Option<&Ramp> {
        self.target(step)?.ramp.as_ref()
    }

    /// What failed, and what the run did about it.
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// A check, by its place: those of the specification come first, then those of the runbook that follows a failure.
    pub fn check(&self, place: u32) -> Option<&Check> {
        self.spec.all_checks().nth(place as usize)
    }

    /// What the run restores a resource to, where that is a pinned state and the step was not left out.
    pub fn pinned(&self, resource: &ResourceName) -> Option<&Pin> {
        // The latest word counts: after a failure, that of what follows it.
        let steps = self.course.iter().rev().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
        let mut targets = steps.filter_map(|step| step.subject.target());
        match &targets.find(|target| target.resource == *resource)?.desired {
            Desired::Pinned(pin) => Some(pin),
            Desired::Attributes(_) => None,
        }
    }

    /// The resources that it skipped until now, because a system is down.
    pub fn skipped(&self) -> BTreeSet<ResourceName> {
        let skipped = self.steps().filter(|step| matches!(step.status, StepStatus::Skipped(_)));
        skipped.filter_map(|step| Some(self.target(step.id)?.resource.clone())).collect()
    }

    /// The undo point: for each resource that the run may have written, what was there before.
    pub fn undo_pins(&self) -> BTreeMap<ResourceName, (Target, State)> {
        let mut pins = BTreeMap::new();
        for step in self.steps().filter(|step| step.may_have_written()) {
            if let (Some(target), Some(before)) = (self.target(step.id), &step.before) {
                // What follows a failure may write a resource again: what was there before the first write counts.
                pins.entry(target.resource.clone()).or_insert_with(|| (target.clone(), before.clone()));
            }
        }
        pins
    }

    /// How the run left each resource that it may have written, as it was observed last.
    pub fn left(&self) -> BTreeMap<ResourceName, State> {
        let written = self.steps().filter(|step| step.may_have_written());
        let left = written.filter_map(|step| Some((self.target(step.id)?.resource.clone(), step.found.clone()?)));
        left.collect()
    }

    /// The checks that it has made or may yet make: those that follow a failure only once something failed.
    pub(crate) fn due_checks(&self) -> impl Iterator<Item = &Check> {
        let count = if self.failure.is_some() { usize::MAX } else { self.spec.checks.len() };
        self.spec.all_checks().take(count)
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &StepRun> {
        self.stages.iter().flat_map(|stage| &stage.steps)
    }

    pub(crate) fn step(&self, id: StepId) -> Option<&StepRun> {
        self.stages.get(id.stage as usize)?.steps.get(id.step as usize)
    }

    pub(crate) fn step_mut(&mut self, id: StepId) -> Option<&mut StepRun> {
        self.stages.get_mut(id.stage as usize)?.steps.get_mut(id.step as usize)
    }

    pub(crate) fn stage(&self) -> Option<&StageRun> {
        self.stages.get(self.current)
    }

    pub(crate) fn stage_mut(&mut self) -> Option<&mut StageRun> {
        self.stages.get_mut(self.current)
    }

    pub(crate) fn permit(&self, step: StepId) -> Option<&Permit> {
        self.stages.get(step.stage as usize)?.permit.as_ref()
    }

    /// The act whose command is out and whose intent is not recorded.
    pub(crate) fn starting(&self, id: ActId) -> Option<Act> {
        self.steps().find_map(|step| step.starting().filter(|act| act.act == id))
    }

    /// The act whose intent is recorded and whose outcome is not.
    pub(crate) fn acting(&self, id: ActId) -> Option<Act> {
        self.steps().find_map(|step| step.acting().filter(|act| act.act == id))
    }

    pub(crate) const fn number_act(&mut self) -> ActId {
        self.next_act += 1;
        ActId(self.next_act)
    }

    /// A limit of this many milliseconds from a moment.
    pub(crate) const fn limit(&mut self, at: Millis, after_ms: u64) -> (WakeId, Command) {
        self.next_wake += 1;
        let wake = WakeId(self.next_wake);
        (wake, Command::LimitAt { wake, at: at.plus(after_ms), after_ms })
    }

    /// A wait of this many milliseconds from a moment.
    pub(crate) const fn wait(&mut self, at: Millis, after_ms: u64) -> (WakeId, Command) {
        self.next_wake += 1;
        let wake = WakeId(self.next_wake);
        (wake, Command::WakeAt { wake, at: at.plus(after_ms), after_ms })
    }
}
