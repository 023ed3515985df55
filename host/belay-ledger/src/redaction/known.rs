//! All redactions of a log, gathered in one pass over its entries. Only what was asked by one person and approved by
//! another counts as authority.

use std::collections::BTreeMap;

use belay_domain::digest::Commitment;

use super::said::{Asked, Redacted, Retained};
use crate::entry::Entry;
use crate::kind;

/// What a log's entries took away.
#[derive(Clone, Debug, Default)]
pub struct Redactions {
    asked: BTreeMap<u64, Asked>,
    blobs: BTreeMap<(u64, Commitment), u64>,
    retained: Vec<(u64, Retained)>,
}

impl Redactions {
    /// Takes note of an entry; they must come in the log's order. The error says why an entry that means to take
    /// something away does not.
    pub fn read(&mut self, entry: &Entry) -> Result<(), String> {
        match entry.kind.as_str() {
            kind::REDACTION_ASKED => {
                self.asked.insert(entry.seq, Asked::of(entry)?);
            }
            kind::REDACTION => self.redact(entry.seq, &Redacted::of(entry)?)?,
            kind::RETENTION => self.retained.push((entry.seq, Retained::of(entry)?)),
            _ => {}
        }
        Ok(())
    }

    fn redact(&mut self, seq: u64, redacted: &Redacted) -> Result<(), String> {
        let asked = self.asked.get(&redacted.asked).ok_or("nobody asked for this redaction before it")?;
        redacted.answers(asked)?;
        if redacted.entry >= seq {
            return Err(format!("it takes away what entry {} does not hold yet", redacted.entry));
        }
        for blob in &redacted.blobs {
            self.blobs.entry((redacted.entry, blob.commitment)).or_insert(seq);
        }
        Ok(())
    }

    /// The entry that took a blob of an entry away; `None` if it must be there.
    pub fn of(&self, entry: &Entry, commitment: &Commitment) -> Option<u64> {
        let alone = self.blobs.get(&(entry.seq, *commitment)).copied();
        let whole = || self.retained.iter().find(|(seq, retained)| entry.seq < *seq && retained.takes(entry));
        alone.or_else(|| whole().map(|(seq, _)| *seq))
    }
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::{Digest, Salt};
    use belay_domain::json::Json;
    use serde_json::{Value, json};

    use super::*;

    fn blob(n: u8) -> Commitment {
        Commitment::to(&Salt([n; 16]), "input", &[n])
    }

    fn entry(seq: u64, kind: &str, run: Option<&str>, body: Value) -> Entry {
        let mut value = json!({
            "schema": 1, "seq": seq, "at": 1_764_547_200_000_u64, "mode": "live", "kind": kind, "body": body,
            "actor": { "name": "ana", "authenticated_by": "os-user" }, "blobs": [blob(1), blob(2)],
        });
        if let (Some(run), Some(fields)) = (run, value.as_object_mut()) {
            fields.insert("run".to_owned(), json!(run));
        }
        Json::new(value).unwrap().to().unwrap()
    }

    fn asked(person: &str) -> Value {
        let blobs = json!([{ "commitment": blob(1), "name": "input" }]);
        json!({ "entry": 3, "blobs": blobs, "authority": "GDPR 17", "person": person })
    }

    fn redaction(person: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut body = asked(person);
        body["asked"] = json!(5);
        body["asked_by"] = json!("ana");
        change(&mut body);
        body
    }

    /// What a log of a call, a request and this redaction takes away.
    fn taken(body: Value) -> (Result<(), String>, Option<u64>, Option<u64>) {
        let call = entry(3, "plugin.call", Some("r-7"), json!({}));
        let mut known = Redactions::default();
        known.read(&call).unwrap();
        known.read(&entry(5, kind::REDACTION_ASKED, Some("r-7"), asked("ana"))).unwrap();
        let read = known.read(&entry(6, kind::REDACTION, Some("r-7"), body));
        (read, known.of(&call, &blob(1)), known.of(&call, &blob(2)))
    }

    #[test]
    fn one_asks_and_another_approves() {
        assert_eq!(taken(redaction("bo", |_| ())), (Ok(()), Some(6), None));
        for (change, why) in [
            (&(|body: &mut Value| body["person"] = json!("ana")) as &dyn Fn(&mut Value), "had asked for"),
            (&|body| body["asked"] = json!(4), "nobody asked"),
            (&|body| body["authority"] = json!("none"), "something else"),
            (&|body| body["entry"] = json!(2), "something else"),
            (&|body| body["blobs"] = json!([{ "commitment": blob(2), "name": "input" }]), "something else"),
            (&|body| body["asked_by"] = json!("cy"), "ana asked for it"),
            (&|body| body["blobs"] = json!(Digest::of(b"x")), "the body of entry 6"),
        ] {
            let (read, first, second) = taken(redaction("bo", change));
            assert!(read.as_ref().is_err_and(|error| error.contains(why)), "{why}: {read:?}");
            assert_eq!((first, second), (None, None));
        }
    }

    #[test]
    fn retention_takes_whole_scopes_but_neither_what_is_kept_nor_what_comes_later() {
        let mut known = Redactions::default();
        let body = json!({ "runs": ["r-7"], "months": ["2025-12"], "kept": ["approval"] });
        known.read(&entry(6, kind::RETENTION, None, body)).unwrap();
        let of = |seq, kind, run| known.of(&entry(seq, kind, run, json!({})), &blob(1));
        assert_eq!(of(3, "plugin.call", Some("r-7")), Some(6));
        assert_eq!(of(3, "plugin.call", None), Some(6));
        assert_eq!(of(3, "plugin.call", Some("r-8")), None);
        assert_eq!(of(3, "approval", Some("r-7")), None);
        assert_eq!(of(7, "plugin.call", Some("r-7")), None);
    }
}
