//! A stage was planned and judged: it is permitted, refused, waits, or makes the run halt.

use belay_domain::examined::Examined;
use belay_domain::id::Millis;
use belay_domain::json;
use belay_domain::plan::{StagePlan, StepPlan, Work};

use super::decide::{Missing, StageDecision, approvers, decide};
use crate::answer::Finding;
use crate::command::Command;
use crate::outlook::{Ending, Halt, Wait};
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::stage::{Permit, StageStatus};
use crate::step::{Confirming, StepRun, StepStatus, Stuck, Waited};

pub(super) fn planned(
    run: &mut Run,
    stage: u32,
    plan: StagePlan,
    finding: Finding,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let planning = run.stage().is_some_and(|current| current.status == StageStatus::Planning);
    if run.phase != Phase::Working || run.current_number() != stage || !planning {
        return Err(Rejected::NotExpected("stage.planned"));
    }
    fits(run, &plan)?;
    let permit = match &finding {
        Finding::Judged { examined, .. } => Some(permit_of(&plan, examined)?),
        Finding::Violates { .. } => None,
    };
    let decision = decide(&run.spec, &plan, &finding, at);
    run.note_plan(&plan, &finding);
    Ok(match (decision, permit) {
        (StageDecision::Permit, Some(permit)) => run.permit_stage(permit, at),
        (StageDecision::Ask(missing), Some(permit)) => {
            let Finding::Judged { assessment, .. } = &finding else { return Ok(Vec::new()) };
            let (plan, risk, name) = (permit.digest, assessment.risk, permit.plan.stage);
            let Missing { needs, signed, overrides } = missing;
            let mandate = &run.spec.mandate;
            let (by, aim, until) = (mandate.requester.clone(), mandate.aim(), mandate.expires_at);
            let wait = Wait { stage, name, plan, risk, needs, signed, overrides, by, aim, until, since: at };
            run.phase = Phase::Waiting(wait);
            vec![Command::Unlock]
        }
        (StageDecision::Halt(halt), _) => run.halt_or_fall_back(halt, at),
        (StageDecision::Skip(down), _) => run.skip(down, at),
        (StageDecision::Refuse(refusal), _) => run.end(Ending::Refused { stage: plan.stage, refusal }, at),
        // A plan that breaks rules is never permitted, so it never comes to this.
        (StageDecision::Permit | StageDecision::Ask(_), None) => Vec::new(),
    })
}

/// Whether the plan is of the steps that were asked for.
fn fits(run: &Run, plan: &StagePlan) -> Result<(), Rejected> {
    let wrong = |what: &str| Err(Rejected::WrongPlan(what.to_owned()));
    let Some(spec) = run.course.get(run.current) else { return wrong("there is no such stage") };
    if plan.stage != spec.name || plan.index != run.current_number() {
        return wrong("it is of another stage");
    }
    if plan.environment != run.spec.mandate.environment {
        return wrong("it is of another environment");
    }
    let left_alone = |id| run.step(id).is_some_and(StepRun::is_left_alone);
    let asked = spec.steps.iter().filter(|step| !left_alone(step.id)).map(|step| (step.id, &step.subject));
    if !plan.steps.iter().map(|step| (step.id, &step.subject)).eq(asked) {
        return wrong("its steps are others");
    }
    let goes_back = |step: &&StepPlan| step.parts.first().is_some_and(|first| first.part < run.next_part(step.id));
    if plan.steps.iter().any(|step| goes_back(&step)) {
        return wrong("it goes back to a part of a ramp that was left behind");
    }
    Ok(())
}

/// What was examined must be this plan, operation by operation: an intent names what was examined.
fn permit_of(plan: &StagePlan, examined: &Examined) -> Result<Permit, Rejected> {
    let not_canonical = |error: json::NotCanonical| Rejected::WrongPlan(error.to_string());
    let digest = plan.digest().map_err(not_canonical)?;
    let other = || Rejected::WrongPlan("what was examined is another plan".to_owned());
    let mut seen = examined.operations.iter();
    for planned in plan.operations() {
        let found = seen.next().ok_or_else(other)?;
        let operation = json::digest_of(planned.operation).map_err(not_canonical)?;
        if (found.step, found.index, found.digest) != (planned.step, planned.index, operation) {
            return Err(other());
        }
    }
    if examined.plan != digest || seen.next().is_some() {
        return Err(other());
    }
    Ok(Permit { plan: plan.clone(), digest, examined: examined.clone() })
}

impl Run {
    fn note_plan(&mut self, plan: &StagePlan, finding: &Finding) {
        for planned in &plan.steps {
            let (Work::Change { observed, .. }, Some(step)) = (&planned.work, self.step_mut(planned.id)) else {
                continue;
            };
            let met = planned.subject.target().is_some_and(|target| target.desired.is_met_by(&observed.content));
            step.found = Some(observed.clone());
            // Restored before, and moved by somebody since: it must not be called restored where the plan is refused.
            if step.status == StepStatus::Restored && !met {
                step.status = StepStatus::Idle;
            }
        }
        let approved_by = approvers(&self.spec, plan, finding);
        if let (Finding::Judged { assessment, .. }, Some(stage)) = (finding, self.stage_mut()) {
            stage.assessment = Some(assessment.clone());
            stage.approved_by = approved_by;
        }
    }

    fn permit_stage(&mut self, permit: Permit, at: Millis) -> Vec<Command> {
        let steps = permit.plan.steps.clone();
        if let Some(stage) = self.stage_mut() {
            stage.status = StageStatus::Acting;
            stage.permit = Some(permit);
            // They have their new plan.
            for step in stage.steps.iter_mut().filter(|step| matches!(step.status, StepStatus::Again { .. })) {
                step.status = StepStatus::Idle;
            }
        }
        let mut commands: Vec<Command> = steps.iter().flat_map(|step| self.permit_step(step, at)).collect();
        commands.extend(self.advance(at));
        commands
    }

    fn permit_step(&mut self, planned: &StepPlan, at: Millis) -> Vec<Command> {
        let id = planned.id;
        match &planned.work {
            Work::Change { observed, change } if !change.operations.is_empty() => {
                let commands = if planned.parts.is_empty() {
                    self.set(id, StepStatus::Ready);
                    Vec::new()
                } else {
                    self.permit_ramp(planned, observed, at)
                };
                if let Some(contradiction) = self.contradicts_a_person(planned) {
                    self.stick(id, Stuck::Known(contradiction));
                    return Vec::new();
                }
                commands
            }
            Work::Change { observed, .. } => self.permit_nothing(planned, &observed.content, at),
            Work::Person => self.ask(planned, at),
            // A plan with a blind step is not permitted.
            Work::Blind { .. } => Vec::new(),
        }
    }

    fn permit_nothing(&mut self, planned: &StepPlan, content: &json::Json, at: Millis) -> Vec<Command> {
        let target = planned.subject.target();
        let met = target.is_some_and(|target| target.desired.is_met_by(content));
        let part = target.and_then(|target| target.ramp.as_ref()).map(|ramp| ramp.last());
        self.note_passed(planned.id, u32::MAX, at);
        let Some(step) = self.step_mut(planned.id) else { return Vec::new() };
        step.began.get_or_insert(at);
        if met {
            step.ended.get_or_insert(at);
            step.status = StepStatus::Restored;
            Vec::new()
        } else {
            step.status = StepStatus::Confirming(Confirming { waited: Waited::from(at), wake: None, part });
            vec![Command::Confirm { step: planned.id, part }]
        }
    }

    fn ask(&mut self, planned: &StepPlan, at: Millis) -> Vec<Command> {
        let instruction = match &planned.subject {
            belay_domain::plan::Subject::Manual { instruction } => instruction.clone(),
            belay_domain::plan::Subject::Resource(_) => String::new(),
        };
        let Some(step) = self.step_mut(planned.id) else { return Vec::new() };
        if matches!(step.status, StepStatus::DoneBy { .. }) {
            return Vec::new();
        }
        step.began.get_or_insert(at);
        step.status = StepStatus::Asked;
        vec![Command::AskPerson { step: planned.id, instruction }]
    }

    /// A person said that an operation was applied, and the plan proposes it again though repeating may do harm.
    fn contradicts_a_person(&self, planned: &StepPlan) -> Option<Halt> {
        let step = self.step(planned.id)?;
        let permit = self.permit(planned.id)?;
        let again = permit.examined.operations.iter().find(|operation| {
            operation.step == planned.id && !operation.repeat_is_safe && step.vouched.contains(&operation.digest)
        })?;
        let summary = permit.operation(planned.id, again.index).map_or("", |operation| operation.summary.as_str());
        let reason = format!("`{summary}` is said to have been applied, but the resource is as if it were not");
        Some(Halt::PersonMustDecide { step: planned.id, reason })
    }
}
