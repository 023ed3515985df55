//! Signers and revoked keys as JSON: what a record of them holds. Comments and the order of lines are left out, so that
//! two files that mean the same are written the same.

use belay_domain::id::Millis;
use belay_domain::people::PersonName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ssh_key::PublicKey;

use crate::signers::key_line;
use crate::{AllowedSigners, KeyLine, RevokedKeys};

/// One line, written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Written {
    person: PersonName,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_after: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_before: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespaces: Option<String>,
}

impl Serialize for AllowedSigners {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = self.keys().map(|line| {
            let key = PublicKey::from(line.key.clone()).to_openssh().map_err(serde::ser::Error::custom)?;
            let KeyLine { person, valid_after, valid_before, namespaces, .. } = line.clone();
            Ok(Written { person, key: key.trim().to_owned(), valid_after, valid_before, namespaces })
        });
        let mut written = written.collect::<Result<Vec<_>, S::Error>>()?;
        written.sort();
        written.dedup();
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AllowedSigners {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut signers = Self::default();
        for written in Vec::<Written>::deserialize(deserializer)? {
            let key = PublicKey::from_openssh(&written.key).map_err(serde::de::Error::custom)?;
            let line = key_line(written.person, key.into(), 0);
            let Written { valid_after, valid_before, namespaces, .. } = written;
            signers.add(KeyLine { valid_after, valid_before, namespaces, ..line }).map_err(serde::de::Error::custom)?;
        }
        Ok(signers)
    }
}

impl Serialize for RevokedKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.fingerprints())
    }
}

impl<'de> Deserialize<'de> for RevokedKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fingerprints = Vec::<String>::deserialize(deserializer)?;
        Self::parse(&fingerprints.join("\n")).map_err(|_| serde::de::Error::custom("not a fingerprint"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const TEXT: &str = include_str!("../tests/ssh/vectors/allowed_signers");

    #[test]
    fn what_is_written_means_the_same() {
        let text = format!(
            "{TEXT}\nada valid-before=\"20270101Z\",namespaces=\"*@belay\" ssh-ed25519 \
            AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti home"
        );
        let signers = AllowedSigners::parse(&text, &TimeZone::UTC).unwrap();
        let json = belay_domain::json::Json::from(&signers).unwrap();
        let back: AllowedSigners = json.to().unwrap();
        assert_eq!(belay_domain::json::Json::from(&back).unwrap(), json);
        for (before, after) in signers.keys().zip({
            let mut keys: Vec<_> = back.keys().collect();
            keys.sort_by_key(|key| signers.keys().position(|line| line.fingerprint == key.fingerprint));
            keys
        }) {
            assert_eq!(KeyLine { line: 0, ..before.clone() }, *after);
        }
    }

    #[test]
    fn the_order_of_lines_and_comments_mean_nothing() {
        let write = |text: &str| belay_domain::json::Json::from(&AllowedSigners::parse(text, &TimeZone::UTC).unwrap());
        let mut lines: Vec<_> = TEXT.lines().filter(|line| !line.starts_with('#')).collect();
        lines.reverse();
        let turned = lines.iter().map(|line| format!("{line} another comment\n")).collect::<String>();
        assert_eq!(write(&turned), write(TEXT));
    }

    #[test]
    fn revoked_keys_are_written_as_fingerprints() {
        let keys: Vec<_> = TEXT.lines().filter_map(|line| Some(line.split_once(' ')?.1)).skip(1).collect();
        let revoked = RevokedKeys::parse(&keys[..2].join("\n")).unwrap();
        let json = belay_domain::json::Json::from(&revoked).unwrap();
        assert_eq!(
            json.to::<RevokedKeys>().unwrap().fingerprints().collect::<Vec<_>>(),
            revoked.fingerprints().collect::<Vec<_>>()
        );
    }
}
