//! A run is opened: its first stage is entered. Nothing is planned before its resources are locked.

use crate::command::Command;
use crate::event::Event;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::stage::StageRun;

pub(crate) fn open(opened: Event) -> Result<(Run, Vec<Command>), Rejected> {
    let Event::Opened { spec, by, epoch, at } = opened else { return Err(Rejected::Opening) };
    spec.check()?;
    let mut run = Run {
        owner: by,
        epoch,
        phase: Phase::Working,
        course: spec.stages.clone(),
        failure: None,
        current: 0,
        stages: spec.stages.iter().map(StageRun::new).collect(),
        checks: Vec::new(),
        restored_at: None,
        rival_until: None,
        next_act: 0,
        next_wake: 0,
        due: None,
        spec: *spec,
    };
    let mut commands = run.enter_stage(at);
    commands.extend(run.keep_time(at));
    Ok((run, commands))
}
