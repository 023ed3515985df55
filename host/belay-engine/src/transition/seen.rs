//! The host looked: an unknown outcome is settled, or a refusal is explained.

use belay_domain::id::{Millis, StepId};
use belay_domain::state::State;

use super::settle::{Scene, Verdict};
use crate::act_record::Settlement;
use crate::answer::{Look, Observed};
use crate::command::Command;
use crate::outlook::Halt;
use crate::rejected::Rejected;
use crate::run::Run;
use crate::step::{SettlePhase, Settling, StepStatus, Stuck};

pub(super) fn seen(
    run: &mut Run,
    id: StepId,
    look: Look,
    observed: Observed,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let status = run.step(id).ok_or(Rejected::UnknownStep(id))?.status.clone();
    let mut commands = if let StepStatus::Refused { index, reason } = status {
        run.note_found(id, &observed);
        run.explain_refusal(id, index, reason, &observed);
        Vec::new()
    } else if let StepStatus::Settling(settling) = status {
        run.settle(settling, look, &observed, at)?
    } else {
        return Err(Rejected::NotExpected("step.seen"));
    };
    commands.extend(run.advance(at));
    Ok(commands)
}

impl Run {
    pub(super) fn note_found(&mut self, id: StepId, observed: &Observed) {
        if let (Observed::State(state), Some(step)) = (observed, self.step_mut(id)) {
            step.found = Some(state.clone());
        }
    }

    fn explain_refusal(&mut self, id: StepId, index: u32, reason: String, observed: &Observed) {
        match observed {
            Observed::State(state) if self.has_moved(id, index, state) => {
                self.plan_again(id, format!("not applied ({reason}): somebody else moved the resource"));
            }
            // What was touched between its part's write and the hold could not be told from that write.
            Observed::State(_) if self.permit(id).is_some_and(|permit| permit.follows_a_hold(id, index)) => {
                self.plan_again(id, format!("not applied ({reason}): it was planned before the hold"));
            }
            // Its system went down before anything was written. Planning again tells whether that is so.
            Observed::Failed(unseen) if self.may_skip(id) => {
                self.plan_again(id, format!("not applied ({reason}), and now it can't be observed: {unseen}"));
            }
            Observed::State(_) | Observed::Failed(_) => {
                self.stick(id, Stuck::Known(Halt::NotApplied { step: id, reason }));
            }
        }
    }

    /// Whether a resource is not as the plan expected it before an operation. What revision an operation leaves
    /// nobody knows, so later ones go by content.
    fn has_moved(&self, id: StepId, index: u32, state: &State) -> bool {
        let Some(permit) = self.permit(id) else { return true };
        let expected = permit.chain(id, index).get(index as usize).copied();
        let revision = permit.change(id).map(|(observed, _)| &observed.revision);
        expected != Some(&state.content) || (index == 0 && revision != Some(&state.revision))
    }

    fn settle(
        &mut self,
        settling: Settling,
        look: Look,
        observed: &Observed,
        at: Millis,
    ) -> Result<Vec<Command>, Rejected> {
        let first = match settling.phase.clone() {
            SettlePhase::Waiting { .. } => return Err(Rejected::NotExpected("step.seen")),
            SettlePhase::First => None,
            SettlePhase::Last { revision } => Some(revision),
        };
        self.note_found(settling.act.step, observed);
        Ok(match first {
            None => self.first_look(settling, look, observed, at),
            Some(revision) => self.last_look(settling, revision.as_ref(), look, observed, at),
        })
    }

    fn first_look(&mut self, settling: Settling, look: Look, observed: &Observed, at: Millis) -> Vec<Command> {
        if look == Look::HoldsOperationsBytes {
            let verdict =
                Verdict::Applied { through: settling.act.index as usize, evidence: "what it writes is there" };
            return self.settled(settling, verdict, observed, at);
        }
        self.wait_out(settling, observed, at)
    }

    /// Waits `settle` out, from what was just observed.
    fn wait_out(&mut self, settling: Settling, observed: &Observed, at: Millis) -> Vec<Command> {
        let id = settling.act.step;
        let revision = match observed {
            Observed::State(state) => Some(state.revision.clone()),
            Observed::Failed(_) => None,
        };
        let after_ms = self.rival_ms(id, at).saturating_add(self.settle_ms(id, settling.act.index));
        let (wake, command) = self.wait(at, after_ms);
        let phase = SettlePhase::Waiting { wake, revision };
        self.set(id, StepStatus::Settling(Settling { phase, ..settling }));
        vec![command]
    }

    /// How long an owner from whom the run was taken may still act: only then `settle` begins.
    fn rival_ms(&self, id: StepId, at: Millis) -> u64 {
        let left_ms = self.rival_until.map_or(0, |until| until.since(at));
        left_ms.min(self.step_spec(id).map_or(0, |spec| spec.act_within_ms))
    }

    /// The longer of what the connection says for the step and what the plan checker found for the operation.
    fn settle_ms(&self, id: StepId, index: u32) -> u64 {
        let of_step = self.step_spec(id).map_or(0, |spec| spec.settle_ms);
        let of_operation = self.examined(id, index).map_or(0, |operation| operation.settle_ms);
        of_step.max(of_operation)
    }

    fn last_look(
        &mut self,
        settling: Settling,
        first: Option<&belay_domain::json::Json>,
        look: Look,
        observed: &Observed,
        at: Millis,
    ) -> Vec<Command> {
        let settling = Settling { windows: settling.windows.saturating_add(1), ..settling };
        let (id, index) = (settling.act.step, settling.act.index);
        let Some(permit) = self.permit(id) else { return Vec::new() };
        let scene = Scene {
            chain: permit.chain(id, index),
            planned_from: permit.change(id).map(|(observed, _)| &observed.revision),
            index: index as usize,
            repeat_is_safe: permit.examined(id, index).is_some_and(|operation| operation.repeat_is_safe),
            first,
        };
        let verdict = scene.judge(look, observed);
        self.settled(settling, verdict, observed, at)
    }

    fn settled(&mut self, settling: Settling, verdict: Verdict, observed: &Observed, at: Millis) -> Vec<Command> {
        let act = settling.act;
        let id = act.step;
        match verdict {
            Verdict::Applied { through, evidence } => {
                self.note_settlement(&settling, Settlement::FoundApplied { evidence: evidence.to_owned() });
                self.after_applied(id, u32::try_from(through).unwrap_or(u32::MAX), at)
            }
            Verdict::NotApplied { evidence } => {
                self.note_settlement(&settling, Settlement::FoundNotApplied { evidence: evidence.to_owned() });
                self.once_more(&settling, at)
            }
            Verdict::AsBefore { reason } => {
                self.note_settlement(&settling, Settlement::Superseded { reason: reason.to_owned() });
                self.once_more(&settling, at)
            }
            Verdict::PlanAgain { reason } => {
                if self.may_plan_again() {
                    self.note_settlement(&settling, Settlement::Superseded { reason: reason.to_owned() });
                    self.plan_again(id, reason.to_owned());
                } else {
                    self.stick_undecided(settling, reason);
                }
                Vec::new()
            }
            Verdict::LookAgain { .. } if settling.windows < self.spec.attempts => self.wait_out(settling, observed, at),
            Verdict::LookAgain { reason } => {
                let halt = match observed {
                    Observed::State(_) => Halt::PersonMustDecide { step: id, reason },
                    Observed::Failed(_) => Halt::CannotLook { step: id, reason },
                };
                self.stick(id, Stuck::Undecided { act, halt });
                Vec::new()
            }
            Verdict::Undecided { reason } => {
                self.stick_undecided(settling, reason);
                Vec::new()
            }
        }
    }

    fn stick_undecided(&mut self, settling: Settling, found: &str) {
        let step = settling.act.step;
        let reason = format!("{}; {found}", settling.reason);
        self.stick(step, Stuck::Undecided { act: settling.act, halt: Halt::PersonMustDecide { step, reason } });
    }

    /// The same operation as a new intent, where the permitted plan still holds.
    fn once_more(&mut self, settling: &Settling, at: Millis) -> Vec<Command> {
        let (id, index) = (settling.act.step, settling.act.index);
        if self.may_begin() {
            return self.begin_act(id, index, at);
        }
        self.set(id, StepStatus::Between { next: index });
        Vec::new()
    }

    fn note_settlement(&mut self, settling: &Settling, settlement: Settlement) {
        let id = settling.act.act;
        if let Some(record) = self.step_mut(settling.act.step).and_then(|step| step.record_mut(id)) {
            record.settled = Some(settlement);
        }
    }
}
