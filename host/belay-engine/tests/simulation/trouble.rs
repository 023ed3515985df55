//! What can go wrong: somebody else comes by, the process dies, another takes over, people decide.

use belay_domain::id::StepId;
use belay_domain::operation::Outcome;
use belay_engine::{Decision, Event, Halt, Run, Status, StepDisplay};

use crate::host::{BEGIN, Simulation, Task, What};
use crate::{fixture, truth};

impl Simulation {
    pub(crate) fn plan_disturbances(&mut self) {
        let somebody_else = if self.rng.percent(40) { self.rng.between(1, 6) } else { 0 };
        for _ in 0..somebody_else {
            let which = usize::try_from(self.rng.between(0, self.world.len() as u64 - 1)).unwrap();
            self.later(8_000, None, What::SomebodyElse(which));
        }
        if self.rng.percent(25) {
            for _ in 0..self.rng.between(1, 3) {
                let which = usize::try_from(self.rng.between(0, self.world.len() as u64 - 1)).unwrap();
                let for_ms = self.rng.between(500, 20_000);
                self.later(6_000, None, What::GoesDown(which, for_ms));
            }
        }
        for (chance, what) in [
            (10, What::Abort),
            (15, What::TakeOver),
            (15, What::ClockJump),
            (10, What::ClockJump),
            (15, What::Pause),
            (10, What::Pause),
            (15, What::Continue),
        ] {
            if self.rng.percent(chance) {
                self.later(6_000, None, what);
            }
        }
    }

    /// A run at rest shows a true picture; then a person makes it go on, or gives up.
    pub(crate) fn rest(&mut self) {
        self.tasks.retain(|task| task.process != Some(self.process));
        self.drain();
        truth::picture_is_true(&self.run, &self.world);
        if matches!(self.run.status(), Status::Paused(_)) && self.rng.percent(60) {
            self.now += self.rng.between(0, 3_000);
            self.continued += 1;
            return self.feed(Event::ContinueAsked { by: "bo".into(), at: self.at() });
        }
        if self.waits_for_people() {
            return;
        }
        self.alive = false;
        if self.resumes_left == 0 {
            self.alive = true;
            return self.feed(Event::AbortAsked { by: "bo".into(), reason: "enough".into(), at: self.at() });
        }
        self.resumes_left -= 1;
        if let Status::Halted(Halt::PersonMustDecide { step, .. }) = self.run.status()
            && self.rng.percent(80)
        {
            self.decide(step);
        }
        self.later(3_000, None, What::Resume);
    }

    pub(crate) fn decide(&mut self, step: StepId) {
        let receipt = self.run.receipt();
        let acts = &receipt.stages[step.stage as usize].steps[step.step as usize].acts;
        let unknown = acts.iter().rev().find(|act| matches!(act.outcome, Some(Outcome::Unknown { .. })));
        let unknown = unknown.filter(|act| act.settled.is_none()).map(|act| act.act);
        let happened = unknown.is_some_and(|act| self.live(step).effects.contains_key(&act));
        let decision = match (happened, self.rng.percent(30)) {
            (_, true) => Decision::PlanAgain,
            (true, false) => Decision::Applied,
            (false, false) => Decision::NotApplied,
        };
        let event = Event::Resolved { step, decision, by: "bo".into(), reason: "looked".into(), at: self.at() };
        self.feed(event);
    }

    /// Whatever is still on its way to the world arrives.
    pub(crate) fn drain(&mut self) {
        let mut arriving: Vec<Task> = Vec::new();
        let (on_the_way, others) =
            std::mem::take(&mut self.tasks).into_iter().partition(|task| matches!(task.what, What::Arrive(..)));
        self.tasks = others;
        arriving.extend::<Vec<Task>>(on_the_way);
        arriving.sort_by_key(|task| task.due);
        for task in arriving {
            self.now = self.now.max(task.due);
            self.perform(task);
        }
    }

    pub(crate) fn dies(&mut self) -> bool {
        self.alive && self.crashes_left > 0 && self.rng.percent(4)
    }

    /// The process ends. What was not durable is gone; what is on its way to the world arrives.
    pub(crate) fn crash(&mut self) {
        self.check_folding();
        self.crashes_left -= 1;
        self.alive = false;
        if self.verbose {
            println!("{:>9} crash, {} entries lost", self.now - BEGIN, self.journal.len() - self.durable);
        }
        self.tasks.retain(|task| task.process.is_none());
        self.journal.truncate(self.durable);
        let count = |kind| self.journal.iter().filter(|event| event.kind() == kind).count();
        self.orphaned += u32::from(count("intent") > count("outcome"));
        self.run = Run::fold(self.journal.clone()).unwrap();
        let steps = self.run.view().stages.into_iter().flat_map(|stage| stage.steps);
        let held = steps.filter(|step| matches!(step.display, StepDisplay::Holding { .. })).count();
        self.crashed_in_holds += u32::from(held > 0);
        self.later(3_000, None, What::Resume);
    }

    pub(crate) fn resume(&mut self) {
        self.process += 1;
        self.alive = true;
        let epoch = self.run.owner().1.next();
        self.feed(Event::Resumed { epoch, by: format!("p{}", self.process), at: self.at() });
    }

    /// Another process takes the run while the former one lives on: what that has intended it may still send.
    pub(crate) fn take_over(&mut self) {
        if !self.alive || self.run.is_sealed() {
            return;
        }
        self.process += 1;
        let (now, wall, process) = (self.now, self.at(), self.process);
        let mut kept = Vec::new();
        for mut task in std::mem::take(&mut self.tasks) {
            match &task.what {
                What::Send(act, _) => {
                    let left = act.act_by.since(wall).min(fixture::ACT_WITHIN_MS);
                    task.due = now + self.rng.between(0, left);
                    kept.push(task);
                }
                What::Perform(_) if task.process.is_some_and(|owner| owner < process) => {}
                What::Perform(_)
                | What::Answer(..)
                | What::Arrive(..)
                | What::SomebodyElse(_)
                | What::GoesDown(..)
                | What::Abort
                | What::Pause
                | What::Continue
                | What::TakeOver
                | What::ClockJump
                | What::PersonSays
                | What::Resume => kept.push(task),
            }
        }
        self.tasks = kept;
        let epoch = self.run.owner().1.next();
        self.feed(Event::TakenOver { epoch, by: format!("p{process}"), at: self.at() });
    }
}
