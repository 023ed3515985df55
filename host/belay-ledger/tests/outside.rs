//! Nothing that comes from outside makes us panic, run for ever or believe it: notes, checkpoints, proofs, keys, entries, tiles,
//! bundles and evidence files that began as real ones and were changed, some of them by somebody who has a key.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;
#[path = "common/edit.rs"]
mod edit;
#[path = "common/files.rs"]
mod files;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belay_domain::json::Json;
use belay_ledger::evidence::{self, ConsistencyProof, Evidence, InclusionProof, Pack, Selection};
use belay_ledger::note::Verifier;
use belay_ledger::verify::verify;
use belay_ledger::{Batch, Blob, Draft, Entry, Ledger, Object, checkpoint, tree};
use common::{Place, draft};
use ed25519_dalek::{Signer as _, SigningKey};
use edit::{edited, edits};
use files::{copy, files};

/// What is real: a ledger of 300 entries with a blob and an object, its public log, and the members of an evidence file.
struct Real {
    place: Place,
    ledger: Ledger,
    members: Vec<(String, Vec<u8>)>,
}

fn real() -> &'static Real {
    static REAL: OnceLock<Real> = OnceLock::new();
    REAL.get_or_init(|| {
        let place = Place::new();
        let ledger = place.init();
        let mut drafts: Vec<Draft> = (0..300).map(|n| draft("call", &format!(r#"{{"n":{n}}}"#))).collect();
        drafts[5].blobs.push(Blob::seal("input", *b"somebody's data").unwrap());
        drafts[6].objects.push(Object::new(*b"a component"));
        ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
        ledger.publish().unwrap();
        let members = members(&place, &ledger);
        Real { place, ledger, members }
    })
}

fn members(place: &Place, ledger: &Ledger) -> Vec<(String, Vec<u8>)> {
    let mut pack = Pack::new(Vec::new());
    let selection = Selection {
        entries: [0, 5, 6].into(),
        with_blobs: true,
        withheld: [].into(),
        earlier: [200].into(),
        with_log: false,
        about: Json::NULL,
    };
    pack.gather(ledger, &selection).unwrap();
    let path = place.state().with_file_name("real.tar");
    fs::write(&path, pack.finish(ledger).unwrap().out).unwrap();
    let evidence = Evidence::open(&path).unwrap();
    let paths = evidence.paths().filter(|path| ![evidence::SUMS, evidence::SEAL].contains(path));
    paths.map(|path| (path.to_owned(), evidence.text(path).unwrap().into_bytes())).collect()
}

fn member(name: &str) -> &'static [u8] {
    &real().members.iter().find(|(path, _)| path.contains(name)).unwrap().1
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn changed_texts_prove_nothing(which in 0_usize..5, edits in edits()) {
        let (ledger, key) = (&real().ledger, real().ledger.verifier());
        let note = ledger.checkpoint_now().unwrap().note;
        let vkey = key.to_string();
        let entry = ledger.entry_bytes(5).unwrap().unwrap();
        let right = match which {
            0 => note.as_bytes(),
            1 => vkey.as_bytes(),
            2 => &entry,
            3 => member("proofs/5"),
            _ => member("consistency/"),
        };
        let changed = edited(right, &edits);
        let _ = Entry::parse(&changed);
        if let Ok(text) = std::str::from_utf8(&changed) {
            let head = ledger.head().unwrap();
            let _ = text.parse::<Verifier>().map(|other| other.open(&note).map(drop));
            if let Ok(found) = checkpoint::open(text, &key) {
                assert_eq!(found, head);
            }
            if let Ok(proof) = text.parse::<InclusionProof>() {
                let proven = tree::verify_inclusion(&tree::leaf(&entry), proof.index, &head, &proof.hashes);
                assert!(proven.is_err() || proof.index == 5);
            }
            let _ = text.parse::<ConsistencyProof>().map(|proof| proof.check());
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    #[test]
    fn a_changed_log_is_never_taken_for_the_log(which in 0_usize..100, edits in edits()) {
        let real = real();
        let (log, key) = (real.ledger.log_folder(), real.ledger.verifier());
        let all = files(&log);
        let file = all[which % all.len()].strip_prefix(&log).unwrap();
        let right = fs::read(log.join(file)).unwrap();
        let wrong = edited(&right, &edits);
        let changed = tempfile::tempdir().unwrap();
        copy(&log, changed.path());
        fs::write(changed.path().join(file), &wrong).unwrap();
        let same = right.trim_ascii_end() == wrong.trim_ascii_end();
        assert!(!verify(changed.path(), Some(&key)).is_intact() || same, "{}", file.display());
    }

    /// Whoever packed it has a key, so that no signature keeps its members from being read.
    #[test]
    fn a_sealed_file_of_somebody_elses_members_proves_nothing(which in 0_usize..100, edits in edits()) {
        let real = real();
        let mut pack = Pack::new(Vec::new());
        let chosen = which % real.members.len();
        for (index, (path, bytes)) in real.members.iter().enumerate() {
            let bytes = if index == chosen { edited(bytes, &edits) } else { bytes.clone() };
            pack.add(path, &bytes).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hostile.evidence");
        fs::write(&file, pack.finish(&real.ledger).unwrap().out).unwrap();
        let evidence = Evidence::open(&file).unwrap();
        for key in [None, Some(&real.ledger.verifier())] {
            let examined = evidence::verify(&evidence, key);
            for seq in examined.proven {
                assert_eq!(evidence.entry_bytes(seq), Ok(real.ledger.entry_bytes(seq).unwrap().unwrap()));
            }
        }
        for seq in evidence.entries().iter().take(10) {
            let Some(entry) = evidence.entry(*seq) else { continue };
            entry.blobs.iter().for_each(|blob| drop(evidence.blob(*seq, blob, 1_000)));
            entry.objects.iter().for_each(|object| drop(evidence.object(object, 1_000)));
        }
    }
}

/// Whoever has the key can sign a size that no log has.
#[test]
fn a_signed_size_without_entries_is_no_work() {
    let real = real();
    let seed = fs::read_to_string(real.place.key()).unwrap();
    let seed = STANDARD.decode(seed.trim_end().splitn(5, '+').last().unwrap()).unwrap();
    let key = SigningKey::from_bytes(seed[1..].try_into().unwrap());
    let note = real.ledger.checkpoint_now().unwrap().note;
    let root = note.lines().nth(2).unwrap();
    let id = STANDARD.decode(note.trim_end().rsplit(' ').next().unwrap()).unwrap()[..4].to_vec();
    for size in [1, 299, 301, 65_536, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let text = format!("shop-ml\n{size}\n{root}\n");
        let blob = [id.as_slice(), &key.sign(text.as_bytes()).to_bytes()].concat();
        let note = format!("{text}\n\u{2014} shop-ml {}\n", STANDARD.encode(blob));
        assert!(checkpoint::open(&note, &real.ledger.verifier()).is_ok(), "{size}");
        let changed = tempfile::tempdir().unwrap();
        copy(&real.place.state(), changed.path());
        fs::write(changed.path().join("log/checkpoint"), note).unwrap();
        for folder in [changed.path(), &changed.path().join("log")] {
            is_wrong(folder, &real.ledger.verifier(), size);
        }
    }
}

fn is_wrong(folder: &Path, key: &Verifier, size: u64) {
    let report = verify(folder, Some(key));
    assert!(!report.is_intact() && report.proven == 0, "{size}: {:?}", report.findings);
}
