//! Makes a recorded call again, with the reads of then, and compares. Reaches no connection.

use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use serde::de::DeserializeOwned;

use crate::access::{Access, Recording};
use crate::call::Status;
use crate::engine::EngineId;
use crate::limits::{Limits, TooGenerous};
use crate::perform::perform;
use crate::plugin::{Linked, Plugin};
use crate::question::{History, Judge, Locate, Measure, Observe, Plan};
use crate::read_record::ReadRequest;
use crate::record::CallRecord;
use crate::world::{Function, World};

/// What a faithful replay found of the fuel; output, reads and log were the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replayed {
    /// Exactly as much was burnt.
    SameFuel,
    /// The recorded call ran on another engine, where fuel is counted differently.
    OtherEngine(EngineId),
}

/// Why a replay is not, or can't be, the recorded call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// This is another component.
    #[error("the recorded plugin is {recorded}, this one is {given}")]
    Component {
        /// The recorded one.
        recorded: Digest,
        /// The one to replay.
        given: Digest,
    },
    /// A clock or the machine ended the recorded call, which nothing can repeat.
    #[error("the recorded call ended with {0:?}, which is not reproducible")]
    NotReproducible(Status),
    /// The component's world has no such function.
    #[error("a {world} has no function `{function}`")]
    Function {
        /// The component's world.
        world: World,
        /// What was recorded.
        function: Function,
    },
    /// The recorded input is not one of this function.
    #[error("the recorded input can't be read: {0}")]
    Input(String),
    /// The recorded limits are more than the pool can hold.
    #[error(transparent)]
    Limits(#[from] TooGenerous),
    /// The plugin asked for something else than in the recorded call.
    #[error("read {number} is another one")]
    Read {
        /// Which, from 0.
        number: usize,
        /// What was read then; nothing where the recorded call had ended its reads.
        recorded: Option<Box<ReadRequest>>,
        /// What was asked for now.
        asked: Box<ReadRequest>,
    },
    /// The plugin read less than in the recorded call.
    #[error("the recorded call made {recorded} reads, the replay {replayed}")]
    FewerReads {
        /// How many then.
        recorded: usize,
        /// How many now.
        replayed: usize,
    },
    /// Another outcome.
    #[error("the output is another one")]
    Output {
        /// The output of now; the record has the other.
        replayed: Vec<u8>,
    },
    /// Other log lines.
    #[error("the log is another one")]
    Log,
    /// Other fuel on an equal engine.
    #[error("the recorded call burnt {recorded} fuel, the replay {replayed}")]
    Fuel {
        /// Then.
        recorded: u64,
        /// Now.
        replayed: u64,
    },
}

impl Plugin {
    /// Makes a recorded call again under its own limits and holds what comes of it against the record.
    pub async fn replay(&self, record: &CallRecord) -> Result<Replayed, Divergence> {
        let summary = &record.summary;
        if summary.plugin != self.digest() {
            return Err(Divergence::Component { recorded: summary.plugin, given: self.digest() });
        }
        if !summary.status.is_reproducible() {
            return Err(Divergence::NotReproducible(summary.status));
        }
        let same_engine = summary.engine == *self.sandbox().id();
        // Another engine may burn more for the same; the clock still bounds it.
        let fuel = if same_engine || summary.status == Status::OutOfFuel { summary.limits.fuel } else { u64::MAX };
        let plugin = self.with_limits(Limits { fuel, ..summary.limits })?;
        let recording = Arc::new(Recording::new(record.reads.clone()));
        let replayed = again(&plugin, record, &Access::recorded(Arc::clone(&recording))).await?;
        if let Some(strayed) = recording.strayed() {
            return Err(Divergence::Read {
                number: strayed.number,
                recorded: record.reads.get(strayed.number).map(|read| Box::new(read.request.clone())),
                asked: Box::new(strayed.asked.clone()),
            });
        }
        compare(record, &replayed)?;
        if !same_engine {
            return Ok(Replayed::OtherEngine(summary.engine.clone()));
        }
        let (recorded, replayed) = (summary.fuel_used, replayed.summary.fuel_used);
        if recorded == replayed { Ok(Replayed::SameFuel) } else { Err(Divergence::Fuel { recorded, replayed }) }
    }
}

fn compare(record: &CallRecord, replayed: &CallRecord) -> Result<(), Divergence> {
    if replayed.output != record.output {
        return Err(Divergence::Output { replayed: replayed.output.clone() });
    }
    if replayed.reads.len() != record.reads.len() {
        return Err(Divergence::FewerReads { recorded: record.reads.len(), replayed: replayed.reads.len() });
    }
    if replayed.log != record.log { Err(Divergence::Log) } else { Ok(()) }
}

async fn again(plugin: &Plugin, record: &CallRecord, access: &Access) -> Result<CallRecord, Divergence> {
    use Function as F;
    let (input, function) = (&record.input, record.summary.function);
    Ok(match (plugin.linked(), function) {
        (_, F::Describe) => plugin.describe().await.record,
        (Linked::Reverter(pre), F::Observe) => {
            perform(plugin, pre, &question::<Observe<'_>>(input)?, access).await.record
        }
        (Linked::Reverter(pre), F::Locate) => {
            perform(plugin, pre, &question::<Locate<'_>>(input)?, access).await.record
        }
        (Linked::Reverter(pre), F::History) => {
            perform(plugin, pre, &question::<History<'_>>(input)?, access).await.record
        }
        (Linked::Reverter(pre), F::Plan) => perform(plugin, pre, &question::<Plan<'_>>(input)?, access).await.record,
        (Linked::Guardrail(pre), F::Judge) => perform(plugin, pre, &question::<Judge>(input)?, access).await.record,
        (Linked::Probe(pre), F::Measure) => perform(plugin, pre, &question::<Measure<'_>>(input)?, access).await.record,
        (Linked::Reverter(_), F::Judge | F::Measure)
        | (Linked::Guardrail(_), F::Observe | F::Locate | F::History | F::Plan | F::Measure)
        | (Linked::Probe(_), F::Observe | F::Locate | F::History | F::Plan | F::Judge) => {
            return Err(Divergence::Function { world: plugin.world(), function });
        }
    })
}

fn question<T: DeserializeOwned>(input: &[u8]) -> Result<T, Divergence> {
    Json::parse_bytes(input).and_then(|json| json.to()).map_err(|error| Divergence::Input(error.to_string()))
}
