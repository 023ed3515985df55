//! How a plan breaks the rules, in words that say what to do about it.

use std::fmt;

use crate::connection::ConnectionKind;
use crate::grouped::Grouped;
use crate::id::{ConnectionName, ResourceName};
use crate::operation::Reversibility;
use crate::plan::{PlannedOperation, StagePlan, StepPlan};

/// One way in which a plan breaks the rules, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The stage, or the step's resource.
    pub at: String,
    /// The operation's place in its step, from 0.
    pub operation: Option<u32>,
    /// What is wrong.
    pub breach: Breach,
}

impl Violation {
    pub(super) fn of_stage(plan: &StagePlan, breach: Breach) -> Self {
        Self { at: plan.stage.to_string(), operation: None, breach }
    }

    pub(super) fn of_step(step: &StepPlan, breach: Breach) -> Self {
        Self { at: step.subject.title().to_owned(), operation: None, breach }
    }

    pub(super) fn of_operation(planned: &PlannedOperation<'_>, breach: Breach) -> Self {
        Self { at: planned.target.resource.to_string(), operation: Some(planned.index), breach }
    }
}

impl fmt::Display for Violation {
    /// `model, write 1: …`; people count from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)?;
        if let Some(index) = self.operation {
            write!(f, ", write {}", u64::from(index) + 1)?;
        }
        write!(f, ": {}", self.breach)
    }
}

impl std::error::Error for Violation {}

/// A rule that a plan breaks.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Breach {
    /// A number is too large for canonical JSON, so the plan has no digest.
    #[error("a number in the plan is beyond 2⁵³ − 1, so the plan has no digest; the plugin must write it as a string")]
    NotCanonical,
    /// The stage has too many operations.
    #[error("{count} writes in one stage, at most {most} are allowed; split the runbook's stage")]
    TooManyOperations {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The step says that it belongs elsewhere.
    #[error("the step belongs to stage {stage}, but stands in stage {index}")]
    OtherStage {
        /// The stage that it names.
        stage: u32,
        /// The stage that it stands in.
        index: u32,
    },
    /// Two steps have one id.
    #[error("two steps have the place {step}")]
    SameStep {
        /// The place.
        step: u32,
    },
    /// Two steps are about one resource.
    #[error("two steps of the stage are about this resource")]
    SameResource,
    /// A person's step that writes, or a resource's step that waits for a person.
    #[error("the step's work does not fit what the step is about")]
    OtherWork,
    /// No operations, and yet the resource is not as wanted.
    #[error("nothing would be written, but what was found is not what is wanted; the plugin planned too little")]
    NothingPlanned,
    /// The last operation ends elsewhere.
    #[error("after the last write the resource would not be what is wanted; the plugin says that it ends elsewhere")]
    EndsElsewhere,
    /// The plan's parts are not those of the ramp, or don't divide its operations.
    #[error("the plan does not go the parts of the step's ramp in order, from where the resource stands to the last")]
    OtherParts,
    /// A part of a ramp ends elsewhere.
    #[error("after part {} of the ramp the resource would not be what the part wants", u64::from(*.part) + 1)]
    PartEndsElsewhere {
        /// The part's place, from 0.
        part: u32,
    },
    /// The belay.toml doesn't know the connection.
    #[error("writes through the connection `{connection}`, which this environment does not have")]
    UnknownConnection {
        /// The connection.
        connection: ConnectionName,
    },
    /// The step was not given this connection.
    #[error("writes through `{connection}`, which is not the resource's own; name it in the step's `connections`")]
    ForeignConnection {
        /// The connection.
        connection: ConnectionName,
    },
    /// An HTTP request to a directory, or an object to an HTTP service.
    #[error("the write does not fit `{connection}`, which is of kind {kind}")]
    WrongKind {
        /// The connection.
        connection: ConnectionName,
        /// What it is.
        kind: ConnectionKind,
    },
    /// No line of the connection's list allows the write.
    #[error(
        "`{line}` is not among the writes that `{connection}` allows; to allow it, add to its `writes` in belay.toml: \
         {rule}"
    )]
    NotAllowed {
        /// The connection.
        connection: ConnectionName,
        /// The write.
        line: String,
        /// A line to paste.
        rule: String,
    },
    /// The request could mean something else to the server.
    #[error("{reason}")]
    Malformed {
        /// Why.
        reason: String,
    },
    /// A header that the host sets, or that changes what the request means.
    #[error("the header `{name}` is not a plugin's to set: {reason}")]
    Header {
        /// The header.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// It can't be told from the answer whether the write happened.
    #[error("the answers leave doubt: {reason}")]
    Answers {
        /// Why.
        reason: String,
    },
    /// An object's key could name something else.
    #[error("the key `{key}` {reason}")]
    Key {
        /// The key.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// Nothing is expected of the present bytes.
    #[error(
        "nothing is expected of what is there now, so a change in between would be lost; expect `absent` or the \
         present bytes, or mark the connection's line `repeatable`"
    )]
    NoExpectation,
    /// Keys go by their prefix, and the operator did not say that this is harmless.
    #[error(
        "deletes whatever starts with the prefix when its turn comes, which nothing compares; mark the connection's \
         line `repeatable` if every such key can be made again"
    )]
    BlindPrefix,
    /// A prefix is no key.
    #[error("expects something of a prefix, which holds no bytes; the plugin must expect `anything`")]
    ExpectsOfPrefix,
    /// Too many keys for one write, or none.
    #[error("allows itself {} keys; a deletion by prefix takes 1 to {}", Grouped(*.keys), Grouped(*.most))]
    Keys {
        /// How many it allows itself.
        keys: u64,
        /// How many it may.
        most: u64,
    },
    /// What is absent can't be deleted.
    #[error("deletes what it expects to be absent")]
    DeletesNothing,
    /// The body does not say what it writes.
    #[error(
        "the list of `{connection}` names the object by `{pointer}`, but the body has no text or whole number there"
    )]
    UnclearObject {
        /// The connection.
        connection: ConnectionName,
        /// The JSON pointer.
        pointer: String,
    },
    /// Another step of the stage writes it too.
    #[error(
        "`{object}` is written by the step of {other} too, and their order is not fixed; put them into different \
         stages, or let the connection's line say by `object` what the body names"
    )]
    SameObject {
        /// What is written.
        object: String,
        /// The other step's resource.
        other: ResourceName,
    },
    /// A body or an object is too large.
    #[error("the body has {} bytes, at most {} are allowed", Grouped(*.bytes), Grouped(*.most))]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The most allowed.
        most: u64,
    },
    /// A text is too long for people.
    #[error("{what} has {bytes} bytes, at most {most} are allowed")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The most allowed.
        most: usize,
    },
    /// A text could play tricks with a terminal.
    #[error("{what} contains {}, which could mislead a reader; the plugin must leave it out", .character.escape_unicode())]
    Misleading {
        /// Which text.
        what: &'static str,
        /// The character.
        character: char,
    },
    /// Too many notes or factors.
    #[error("there are {count} {what}, at most {most} are allowed")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Risk ends at 100.
    #[error("a risk factor has {score} points; risk ends at 100")]
    FactorTooHigh {
        /// Its points.
        score: u32,
    },
}

/// The line that would allow a write, ready to paste into a connection's `writes`. The pattern matches this write
/// alone; who pastes it may widen it.
pub(super) fn rule_for(line: &str, at_best: Reversibility) -> String {
    let (method, path) = line.split_once(' ').unwrap_or(("", line));
    // A prefix's line ends with the star that its pattern ends with.
    let (path, star) = match path.strip_suffix('*') {
        Some(prefix) if method == "UNLINK" => (prefix, "*"),
        Some(_) | None => (path, ""),
    };
    let pattern = (globset::escape(path) + star).replace('\\', r"\\").replace('"', r#"\""#);
    let repeatable = if star.is_empty() { "" } else { ", repeatable = true" };
    format!(r#"{{ match = "{method} {pattern}", at_best = "{at_best}"{repeatable} }}"#)
}
