//! The first plan of every stage, from the present. What a run would skip because a system is down is left out, as the
//! run leaves it out: what is shown and bounded is what would be done.

use std::collections::BTreeSet;

use belay_domain::id::{ResourceName, StepId};
use belay_domain::skip::Down;
use belay_engine::{StageSpec, StepSpec};
use futures_util::future::join_all;

use crate::api::{Error, PlannedSkip};
use crate::planner::{Judged, StageToPlan, StepToPlan};
use crate::prepare::{Prepared, Skip};

impl Prepared {
    /// Plans every stage. All side by side, as if every system were there, since none depends on what another would write;
    /// where one is down, what follows is planned again without what is skipped.
    pub(crate) async fn plan_all(&mut self) -> Result<(), Error> {
        let stages = self.stages.clone();
        let nothing = BTreeSet::new();
        let early = (self.first_stage..).zip(&stages).map(|(index, stage)| self.plan_without(index, stage, &nothing));
        let early = join_all(early).await;
        for ((index, stage), early) in (self.first_stage..).zip(&stages).zip(early) {
            self.skip_with_upstream(index, stage);
            let first = if self.skipped.is_empty() { early? } else { self.plan_skipping(index, stage).await? };
            let first = self.settled(index, stage, first).await?;
            self.firsts.push(first);
        }
        Ok(())
    }

    /// Plans a stage again and again until nothing more of it is to be skipped.
    async fn settled(&mut self, index: u32, stage: &StageSpec, mut judged: Judged) -> Result<Judged, Error> {
        loop {
            let unseen = self.may_skip.sort(&judged.plan);
            if unseen.skippable.is_empty() || !unseen.barring.is_empty() {
                return Ok(judged);
            }
            for Down { step, reason, .. } in unseen.skippable {
                self.note_skip(stage, step, reason, None);
            }
            self.skip_with_upstream(index, stage);
            judged = self.plan_skipping(index, stage).await?;
        }
    }

    async fn plan_skipping(&self, index: u32, stage: &StageSpec) -> Result<Judged, Error> {
        self.plan_without(index, stage, &self.skipped_resources()).await
    }

    async fn plan_without(
        &self,
        index: u32,
        stage: &StageSpec,
        skipped: &BTreeSet<ResourceName>,
    ) -> Result<Judged, Error> {
        let planned = |step: &&StepSpec| {
            let target = step.subject.target();
            !step.excepted && !target.is_some_and(|target| skipped.contains(&target.resource))
        };
        let steps = stage.steps.iter().filter(planned);
        let steps = steps.map(|step| StepToPlan { id: step.id, subject: &step.subject, from: 0 });
        self.ground.plan(&StageToPlan { index, name: &stage.name, steps: steps.collect(), skipped }).await
    }

    fn skip_with_upstream(&mut self, index: u32, stage: &StageSpec) {
        let followers = stage.steps.iter().filter(|step| !step.excepted).filter_map(|step| {
            let resource = &step.subject.target()?.resource;
            let known = self.skipped.iter().any(|skip| skip.stage == index && skip.planned.resource == *resource);
            let mut own = self.skipped.iter().filter(|skip| !known && skip.planned.with.is_none());
            let upstream = own.find(|skip| self.may_skip.follows(resource, &skip.planned.resource))?;
            Some((step.id, upstream.planned.reason.clone(), upstream.planned.resource.clone()))
        });
        for (step, reason, upstream) in followers.collect::<Vec<_>>() {
            self.note_skip(stage, step, reason, Some(upstream));
        }
    }

    fn note_skip(&mut self, stage: &StageSpec, id: StepId, reason: String, with: Option<ResourceName>) {
        let step = stage.steps.iter().find(|step| step.id == id);
        let Some(target) = step.and_then(|step| step.subject.target()) else { return };
        let planned = PlannedSkip { resource: target.resource.clone(), at: target.at.clone(), reason, with };
        self.skipped.push(Skip { stage: id.stage, planned });
    }

    fn skipped_resources(&self) -> BTreeSet<ResourceName> {
        self.skipped.iter().map(|skip| skip.planned.resource.clone()).collect()
    }
}
