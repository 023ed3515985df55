//! What is asked of the index.

use belay_domain::id::Millis;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::error::Error;

/// A field that must have one of some values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Want {
    /// The field.
    pub field: &'static str,
    /// One of these.
    pub values: Vec<String>,
    /// An entry fits too that belongs to a run of which one entry fits.
    pub whole_run: bool,
}

/// Which entries: those that fit everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Fields.
    pub wants: Vec<Want>,
    /// Beginnings of words, each of which the text must have.
    pub words: Vec<String>,
    /// At this moment or later.
    pub from: Option<Millis>,
    /// Before this moment.
    pub before: Option<Millis>,
    /// Only behind this sequence number.
    pub after: Option<u64>,
    /// At most so many, the newest; they come with the oldest first.
    pub newest: u64,
}

impl Query {
    pub(super) fn ask(&self, connection: &Connection) -> Result<Vec<u64>, Error> {
        let (sql, values) = self.sql();
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        let mut found: Vec<u64> = found.collect::<Result<_, _>>()?;
        found.reverse();
        Ok(found)
    }

    fn sql(&self) -> (String, Vec<Value>) {
        let mut sql = "SELECT seq FROM place WHERE TRUE".to_owned();
        let mut values = Vec::new();
        for want in &self.wants {
            want.add(&mut sql, &mut values);
        }
        if !self.words.is_empty() {
            sql.push_str(" AND seq IN (SELECT rowid FROM word WHERE word MATCH ?)");
            values.push(Value::Text(words(&self.words)));
        }
        let mut bound = |condition: &str, number: Option<u64>| {
            if let Some(number) = number {
                sql.push_str(condition);
                values.push(integer(number));
            }
        };
        bound(" AND at >= ?", self.from.map(|at| at.0));
        bound(" AND at < ?", self.before.map(|at| at.0));
        bound(" AND seq > ?", self.after);
        bound(" ORDER BY seq DESC LIMIT ?", Some(self.newest));
        (sql, values)
    }
}

impl Want {
    fn add(&self, sql: &mut String, values: &mut Vec<Value>) {
        let places = vec!["?"; self.values.len()].join(", ");
        let of_field = format!("FROM term WHERE field = ? AND value IN ({places})");
        let mut fill = || {
            values.push(Value::Text(self.field.to_owned()));
            values.extend(self.values.iter().cloned().map(Value::Text));
        };
        sql.push_str(&format!(" AND (seq IN (SELECT seq {of_field})"));
        fill();
        if self.whole_run {
            let runs = format!("SELECT run FROM place WHERE run IS NOT NULL AND seq IN (SELECT seq {of_field})");
            sql.push_str(&format!(" OR run IN ({runs})"));
            fill();
        }
        sql.push(')');
    }
}

/// In the grammar of FTS5: each is a phrase whose last word may go on; quotes within are doubled.
fn words(words: &[String]) -> String {
    let quoted = words.iter().map(|word| format!("\"{}\"*", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" AND ")
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
