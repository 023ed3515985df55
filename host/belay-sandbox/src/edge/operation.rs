//! Changes that a reverter proposes.

use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::operation::{
    Answer, Body, BodyTest, Change, Expectation, Expiry, HttpWrite, KeyvalueChange, KeyvalueWrite, Loss, ObjectWrite,
    Operation, Reversibility, RiskFactor, Write,
};

use super::{json, line};
use crate::bindings::types;
use crate::call::CallError;

/// One change for each of the `wanted` desired states; any other number is nonsense.
pub(crate) fn changes(changes: Vec<types::Change>, wanted: usize) -> Result<Vec<Change>, CallError> {
    if changes.len() != wanted {
        return Err(CallError::nonsense("the plan", format!("{} changes for {wanted} desired states", changes.len())));
    }
    changes.into_iter().map(change).collect()
}

fn change(change: types::Change) -> Result<Change, CallError> {
    Ok(Change {
        operations: change.operations.into_iter().map(operation).collect::<Result<_, _>>()?,
        factors: factors(change.factors)?,
        loss: change.loss.map(|loss| Loss { since: Millis(loss.since), changes: loss.changes, rows: loss.rows }),
        notes: change.notes,
    })
}

pub(crate) fn factors(factors: Vec<types::RiskFactor>) -> Result<Vec<RiskFactor>, CallError> {
    factors
        .into_iter()
        .map(|types::RiskFactor { cause, score }| match score {
            0..=100 => Ok(RiskFactor { cause: line(cause), score }),
            _ => Err(CallError::nonsense("a risk factor", format!("{score} points, where 100 is the most"))),
        })
        .collect()
}

fn operation(operation: types::Operation) -> Result<Operation, CallError> {
    Ok(Operation {
        write: match operation.write {
            types::Write::Http(write) => Write::Http(http_write(write)?),
            types::Write::Object(write) => Write::Object(object_write(write)?),
            types::Write::Keyvalue(write) => Write::Keyvalue(keyvalue_write(write)?),
        },
        yields: json("what the operation yields", &operation.yields)?,
        reversibility: match operation.reversibility {
            types::Reversibility::Reversible => Reversibility::Reversible,
            types::Reversibility::Recoverable => Reversibility::Recoverable,
            types::Reversibility::Irreversible => Reversibility::Irreversible,
        },
        summary: operation.summary,
        touches: operation.touches,
    })
}

fn connection(name: String) -> Result<ConnectionName, CallError> {
    ConnectionName::try_from(name).map_err(|error| CallError::nonsense("a write's connection", error))
}

fn http_write(write: types::HttpWrite) -> Result<HttpWrite, CallError> {
    let answers = |answers: Vec<_>| answers.into_iter().map(answer).collect::<Result<_, _>>();
    Ok(HttpWrite {
        connection: connection(write.connection)?,
        method: write.method,
        path: write.path,
        headers: write.headers,
        body: Body(write.body),
        applied: answers(write.applied)?,
        refused: answers(write.refused)?,
    })
}

fn answer(answer: types::Answer) -> Result<Answer, CallError> {
    let body = match answer.body {
        None => None,
        Some((pointer, test)) => Some((pointer, body_test(test)?)),
    };
    Ok(Answer { status: answer.status, body })
}

fn body_test(test: types::BodyTest) -> Result<BodyTest, CallError> {
    Ok(match test {
        types::BodyTest::Present => BodyTest::Present,
        types::BodyTest::Equals(value) => BodyTest::Equals(json("what an answer's body must equal", &value)?),
        types::BodyTest::Contains(text) => BodyTest::Contains(text),
    })
}

fn object_write(write: types::ObjectWrite) -> Result<ObjectWrite, CallError> {
    Ok(ObjectWrite {
        connection: connection(write.connection)?,
        key: write.key,
        content: write.content.map(Body),
        expect: expectation(write.expect)?,
    })
}

fn expectation(expect: types::Expectation) -> Result<Expectation, CallError> {
    Ok(match expect {
        types::Expectation::Anything => Expectation::Anything,
        types::Expectation::Absent => Expectation::Absent,
        types::Expectation::Bytes(digest) => Expectation::Bytes(
            digest.parse::<Digest>().map_err(|error| CallError::nonsense("what a write expects", error))?,
        ),
    })
}

fn keyvalue_write(write: types::KeyvalueWrite) -> Result<KeyvalueWrite, CallError> {
    Ok(KeyvalueWrite {
        connection: connection(write.connection)?,
        change: keyvalue_change(write.change),
        expect: expectation(write.expect)?,
    })
}

fn keyvalue_change(change: types::KeyvalueChange) -> KeyvalueChange {
    match change {
        types::KeyvalueChange::Set(types::KeyvalueSet { key, value, expiry }) => {
            KeyvalueChange::Set { key: Body(key), value: Body(value), expiry: self::expiry(expiry) }
        }
        types::KeyvalueChange::Delete(key) => KeyvalueChange::Delete { key: Body(key) },
        types::KeyvalueChange::SetField(types::FieldSet { key, field, value }) => {
            KeyvalueChange::SetField { key: Body(key), field: Body(field), value: Body(value) }
        }
        types::KeyvalueChange::DeleteField(types::FieldName { key, field }) => {
            KeyvalueChange::DeleteField { key: Body(key), field: Body(field) }
        }
        types::KeyvalueChange::DeletePrefix(types::PrefixBound { prefix, most }) => {
            KeyvalueChange::DeletePrefix { prefix: Body(prefix), most }
        }
    }
}

const fn expiry(expiry: types::Expiry) -> Expiry {
    match expiry {
        types::Expiry::Kept => Expiry::Kept,
        types::Expiry::Never => Expiry::Never,
        types::Expiry::At(at) => Expiry::At(Millis(at)),
    }
}

#[cfg(test)]
mod tests;
