//! Key-value stores in memory. Keys go only when a test takes them away: there is no clock.

use std::collections::BTreeMap;

use super::{Reads, sha256};
use crate::keyvalue::{Error, Meta, Page};
use crate::{Expectation, Expiry, FieldName, FieldSet, KeyvalueChange, KeyvalueSet, KeyvalueWrite, PrefixBound};

/// All keys, by connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(BTreeMap<(String, Vec<u8>), Held>);

/// What a key holds.
#[derive(Clone, Debug)]
struct Held {
    value: Value,
    expires: Option<u64>,
}

#[derive(Clone, Debug)]
enum Value {
    Plain(Vec<u8>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
}

impl Reads {
    /// A key with this value; replaces what it held before.
    #[must_use]
    pub fn key(mut self, connection: &str, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.set_key(connection, key, value);
        self
    }

    /// Like [`Reads::key`], in place.
    pub fn set_key(&mut self, connection: &str, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let held = Held { value: Value::Plain(value.as_ref().to_vec()), expires: None };
        self.keys.0.insert((connection.to_owned(), key.as_ref().to_vec()), held);
    }

    /// A field of a hash; makes the hash.
    #[must_use]
    pub fn field(
        mut self,
        connection: &str,
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Self {
        let place = (connection.to_owned(), key.as_ref().to_vec());
        self.keys.set_field(place, field.as_ref().to_vec(), value.as_ref().to_vec());
        self
    }

    /// A key that is there goes by itself at this moment, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn expiring(mut self, connection: &str, key: impl AsRef<[u8]>, at: u64) -> Self {
        if let Some(held) = self.keys.0.get_mut(&(connection.to_owned(), key.as_ref().to_vec())) {
            held.expires = Some(at);
        }
        self
    }

    /// Takes a key away.
    pub fn remove_key(&mut self, connection: &str, key: impl AsRef<[u8]>) {
        self.keys.0.remove(&(connection.to_owned(), key.as_ref().to_vec()));
    }

    /// What the host would do with a write: performs it if what it expects holds, otherwise says what does not.
    pub fn perform(&mut self, write: &KeyvalueWrite) -> Result<(), String> {
        self.keys.perform(write)
    }
}

impl Keys {
    pub(super) fn value(&self, connection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.held(connection, key).map(|held| &held.value) {
            None => Ok(None),
            Some(Value::Plain(bytes)) => Ok(Some(bytes.clone())),
            Some(Value::Hash(_)) => Err(Error::WrongKind("the key holds a hash".to_owned())),
        }
    }

    pub(super) fn fields(
        &self,
        connection: &str,
        key: &[u8],
        names: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        match self.held(connection, key).map(|held| &held.value) {
            None => Ok(names.iter().map(|_| None).collect()),
            Some(Value::Hash(fields)) => Ok(names.iter().map(|name| fields.get(name).cloned()).collect()),
            Some(Value::Plain(_)) => Err(Error::WrongKind("the key holds a string".to_owned())),
        }
    }

    pub(super) fn meta(&self, connection: &str, key: &[u8]) -> Option<Meta> {
        let held = self.held(connection, key)?;
        let kind = match held.value {
            Value::Plain(_) => "string",
            Value::Hash(_) => "hash",
        };
        Some(Meta { kind: kind.to_owned(), expires: held.expires })
    }

    pub(super) fn page(&self, connection: &str, prefix: &[u8], from: Option<&str>, limit: u32) -> Result<Page, Error> {
        let skipped = match from.map(str::parse) {
            None => 0,
            Some(Ok(skipped)) => skipped,
            Some(Err(_)) => return Err(Error::Refused("invalid cursor".to_owned())),
        };
        let limit = limit.max(1) as usize;
        let mut keys: Vec<_> = self.below(connection, prefix).skip(skipped).take(limit + 1).cloned().collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        Ok(Page { keys, next: more.then(|| (skipped + limit).to_string()) })
    }

    pub(super) fn count(&self, connection: &str, prefix: &[u8], most: u64) -> Option<u64> {
        let count = self.below(connection, prefix).count() as u64;
        (count <= most).then_some(count)
    }

    fn held(&self, connection: &str, key: &[u8]) -> Option<&Held> {
        self.0.get(&(connection.to_owned(), key.to_vec()))
    }

    fn below(&self, connection: &str, prefix: &[u8]) -> impl Iterator<Item = &Vec<u8>> {
        let all = self.0.keys().filter(move |(of, key)| of == connection && key.starts_with(prefix));
        all.map(|(_, key)| key)
    }

    fn set_field(&mut self, place: (String, Vec<u8>), field: Vec<u8>, value: Vec<u8>) {
        let held = self.0.entry(place).or_insert(Held { value: Value::Hash(BTreeMap::new()), expires: None });
        match &mut held.value {
            Value::Hash(fields) => {
                fields.insert(field, value);
            }
            Value::Plain(_) => held.value = Value::Hash([(field, value)].into()),
        }
    }

    fn perform(&mut self, write: &KeyvalueWrite) -> Result<(), String> {
        let connection = &write.connection;
        let present = match &write.change {
            KeyvalueChange::Set(KeyvalueSet { key, .. }) | KeyvalueChange::Delete(key) => {
                self.value(connection, key).map_err(|error| format!("{error:?}"))?
            }
            KeyvalueChange::SetField(FieldSet { key, field, .. })
            | KeyvalueChange::DeleteField(FieldName { key, field }) => {
                let found = self.fields(connection, key, std::slice::from_ref(field));
                found.map_err(|error| format!("{error:?}"))?.into_iter().flatten().next()
            }
            KeyvalueChange::DeletePrefix(_) => None,
        };
        compare(&write.expect, present.as_deref())?;
        let place = |key: &Vec<u8>| (connection.clone(), key.clone());
        match &write.change {
            KeyvalueChange::Set(KeyvalueSet { key, value, expiry }) => {
                let expires = match expiry {
                    Expiry::Kept => self.held(connection, key).and_then(|held| held.expires),
                    Expiry::Never => None,
                    Expiry::At(at) => Some(*at),
                };
                self.0.insert(place(key), Held { value: Value::Plain(value.clone()), expires });
            }
            KeyvalueChange::Delete(key) => {
                self.0.remove(&place(key));
            }
            KeyvalueChange::SetField(FieldSet { key, field, value }) => {
                self.set_field(place(key), field.clone(), value.clone());
            }
            KeyvalueChange::DeleteField(FieldName { key, field }) => self.delete_field(&place(key), field),
            KeyvalueChange::DeletePrefix(PrefixBound { prefix, most }) => {
                let found = self.count(connection, prefix, *most);
                found.ok_or_else(|| format!("more than {most} keys start with the prefix"))?;
                self.0.retain(|(of, key), _| of != connection || !key.starts_with(prefix));
            }
        }
        Ok(())
    }

    fn delete_field(&mut self, place: &(String, Vec<u8>), field: &[u8]) {
        if let Some(Held { value: Value::Hash(fields), .. }) = self.0.get_mut(place) {
            fields.remove(field);
            if fields.is_empty() {
                self.0.remove(place);
            }
        }
    }
}

fn compare(expect: &Expectation, present: Option<&[u8]>) -> Result<(), String> {
    match (expect, present) {
        (Expectation::Anything, _) | (Expectation::Absent, None) => Ok(()),
        (Expectation::Absent, Some(_)) => Err("already exists".to_owned()),
        (Expectation::Bytes(_), None) => Err("is not there any more".to_owned()),
        (Expectation::Bytes(digest), Some(bytes)) if *digest == sha256(bytes) => Ok(()),
        (Expectation::Bytes(_), Some(_)) => Err("holds other bytes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(change: KeyvalueChange, expect: Expectation) -> KeyvalueWrite {
        KeyvalueWrite { connection: "cache".to_owned(), change, expect }
    }

    fn reads() -> Reads {
        Reads::default()
            .key("cache", "gen", "9")
            .expiring("cache", "gen", 7)
            .field("cache", "meta", "a", "1")
            .key("cache", "v9:1", "x")
            .key("cache", "v9:2", "x")
    }

    fn set(expiry: Expiry) -> KeyvalueChange {
        KeyvalueChange::Set(KeyvalueSet { key: b"gen".to_vec(), value: b"8".to_vec(), expiry })
    }

    #[test]
    fn a_value_is_set_only_over_what_was_expected() {
        let mut fake = reads();
        for wrong in [Expectation::Absent, Expectation::Bytes(sha256(b"7"))] {
            fake.perform(&write(set(Expiry::Kept), wrong)).unwrap_err();
        }
        fake.perform(&write(set(Expiry::Kept), Expectation::Bytes(sha256(b"9")))).unwrap();
        assert_eq!(fake.keys.value("cache", b"gen"), Ok(Some(b"8".to_vec())));
        assert_eq!(fake.keys.meta("cache", b"gen").unwrap().expires, Some(7));
        fake.perform(&write(set(Expiry::Never), Expectation::Bytes(sha256(b"8")))).unwrap();
        assert_eq!(fake.keys.meta("cache", b"gen").unwrap().expires, None);
    }

    #[test]
    fn a_hash_goes_with_its_last_field_and_has_no_plain_value() {
        let mut fake = reads();
        assert!(matches!(fake.keys.value("cache", b"meta"), Err(Error::WrongKind(_))));
        let name = FieldName { key: b"meta".to_vec(), field: b"a".to_vec() };
        fake.perform(&write(KeyvalueChange::DeleteField(name), Expectation::Bytes(sha256(b"1")))).unwrap();
        assert_eq!(fake.keys.meta("cache", b"meta"), None);
        assert_eq!(fake.keys.fields("cache", b"meta", &[b"a".to_vec()]), Ok(vec![None]));
    }

    #[test]
    fn a_prefix_goes_whole_or_not_at_all() {
        let mut fake = reads();
        let prefix = |most| KeyvalueChange::DeletePrefix(PrefixBound { prefix: b"v9:".to_vec(), most });
        assert!(fake.perform(&write(prefix(1), Expectation::Anything)).is_err());
        assert_eq!(fake.keys.count("cache", b"v9:", 2), Some(2));
        assert_eq!(fake.keys.count("cache", b"v9:", 1), None);
        fake.perform(&write(prefix(2), Expectation::Anything)).unwrap();
        assert_eq!(fake.keys.count("cache", b"", 9), Some(2));
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let fake = reads();
        let first = fake.keys.page("cache", b"v9:", None, 1).unwrap();
        let second = fake.keys.page("cache", b"v9:", first.next.as_deref(), 1).unwrap();
        assert_eq!((first.keys, second.keys), (vec![b"v9:1".to_vec()], vec![b"v9:2".to_vec()]));
        assert_eq!(second.next, None);
        assert!(fake.keys.page("cache", b"", Some("x"), 1).is_err());
    }
}
