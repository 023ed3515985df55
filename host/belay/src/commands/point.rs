//! `belay point`.

use belay_runtime::api::{Ending, Error};

use super::{clock, open};
use crate::arguments::{Global, PointCommand};
use crate::output::Output;
use crate::patience::patiently;
use crate::render;

pub(super) async fn perform(command: PointCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let whole = |point: &_| render::point::whole(point, &clock());
    match command {
        PointCommand::Capture(typed) => {
            output.answer("point", &patiently(output, runtime.capture_point(typed.into())).await?, whole)?
        }
        PointCommand::Show { point } => output.answer("point", &runtime.point(&point)?, whole)?,
        PointCommand::Mark { point, word, reason } => {
            let marked = runtime.mark_point(&point, word.into(), reason).await?;
            output.answer("point", &marked, |point| render::point::list(std::slice::from_ref(point), &clock()))?;
        }
        PointCommand::List { feature_set, env } => {
            let points = runtime.points(feature_set.as_ref(), env.as_ref())?;
            output.answer("points", &points, |points| render::point::list(points, &clock()))?;
        }
        PointCommand::Diff { point, other } => {
            let differences = patiently(output, runtime.diff_point(&point, other.as_ref())).await?;
            output.answer("point.difference", &differences, |found| render::point::difference(found))?;
        }
    }
    Ok(Ending::Done)
}
