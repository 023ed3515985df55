//! The key-value store. Keys go only by writes: there is no clock.

use belay_domain::operation::{Body, Expiry, KeyvalueChange, KeyvalueWrite};

use super::{Held, Systems, Value, expected};

impl Systems {
    pub(super) fn perform_keys(&mut self, write: &KeyvalueWrite) -> Result<(), String> {
        let connection = write.connection.to_string();
        let place = |key: &Body| (connection.clone(), key.0.clone());
        match &write.change {
            KeyvalueChange::Set { key, value, expiry } => {
                expected(&write.expect, self.plain(&place(key)))?;
                let before = self.keys.get(&place(key)).and_then(|held| held.expires);
                let expires = match expiry {
                    Expiry::Kept => before,
                    Expiry::Never => None,
                    Expiry::At(at) => Some(*at),
                };
                self.keys.insert(place(key), Held { value: Value::Plain(value.0.clone()), expires });
            }
            KeyvalueChange::Delete { key } => {
                expected(&write.expect, self.plain(&place(key)))?;
                self.keys.remove(&place(key));
            }
            KeyvalueChange::SetField { key, field, value } => {
                expected(&write.expect, self.field(&place(key), &field.0)?)?;
                let empty = Held { value: Value::Hash([].into()), expires: None };
                let held = self.keys.entry(place(key)).or_insert(empty);
                if let Value::Hash(fields) = &mut held.value {
                    fields.insert(field.0.clone(), value.0.clone());
                }
            }
            KeyvalueChange::DeleteField { key, field } => {
                expected(&write.expect, self.field(&place(key), &field.0)?)?;
                self.delete_field(&place(key), &field.0);
            }
            KeyvalueChange::DeletePrefix { prefix, most } => {
                let found = self.with_prefix(&connection, &prefix.0);
                if found.len() as u64 > *most {
                    return Err(format!("{} keys start so, at most {most} may go", found.len()));
                }
                for key in found {
                    self.keys.remove(&(connection.clone(), key));
                }
            }
        }
        Ok(())
    }

    /// The keys that start with a prefix, in order.
    pub(super) fn with_prefix(&self, connection: &str, prefix: &[u8]) -> Vec<Vec<u8>> {
        let keys = self.keys.keys().filter(|(of, key)| of == connection && key.starts_with(prefix));
        keys.map(|(_, key)| key.clone()).collect()
    }

    fn plain(&self, place: &(String, Vec<u8>)) -> Option<&[u8]> {
        match self.keys.get(place).map(|held| &held.value) {
            None => None,
            Some(Value::Plain(bytes)) => Some(bytes),
            // A hash has no bytes to compare; it is there all the same.
            Some(Value::Hash(_)) => Some(&[]),
        }
    }

    fn field(&self, place: &(String, Vec<u8>), field: &[u8]) -> Result<Option<&[u8]>, String> {
        match self.keys.get(place).map(|held| &held.value) {
            None => Ok(None),
            Some(Value::Hash(fields)) => Ok(fields.get(field).map(Vec::as_slice)),
            Some(Value::Plain(_)) => Err("the key holds a plain value, not a hash".to_owned()),
        }
    }

    fn delete_field(&mut self, place: &(String, Vec<u8>), field: &[u8]) {
        let Some(Held { value: Value::Hash(fields), .. }) = self.keys.get_mut(place) else { return };
        fields.remove(field);
        if fields.is_empty() {
            self.keys.remove(place);
        }
    }
}
