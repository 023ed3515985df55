//! An evidence file gives back what went in, and no byte of it can be changed unnoticed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use belay_domain::json::Json;
use belay_ledger::evidence::{BlobState, Evidence, Examined, Pack, Selection, verify};
use belay_ledger::{Batch, Blob, Draft, Ledger, Object};
use common::{Place, draft};

/// 300 entries; entry 5 has a blob, entry 6 two objects.
fn ledger(place: &Place) -> Ledger {
    let ledger = place.init();
    let mut drafts: Vec<Draft> = (0..300).map(|n| draft("call", &format!(r#"{{"n":{n}}}"#))).collect();
    drafts[5].blobs.push(Blob::seal("input", *b"somebody's data").unwrap());
    drafts[6].objects.extend([Object::new(*b"a component"), Object::new(*b"a mandate")]);
    ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    ledger
}

fn selection() -> Selection {
    Selection {
        entries: [0, 5, 6, 299].into(),
        with_blobs: true,
        withheld: BTreeSet::new(),
        earlier: [1, 200, 300, 900].into(),
        with_log: false,
        about: Json::parse(r#"{"run":"r-1"}"#).unwrap(),
    }
}

fn packed(ledger: &Ledger, selection: &Selection) -> Vec<u8> {
    let mut pack = Pack::new(Vec::new());
    pack.gather(ledger, selection).unwrap();
    pack.add("README.md", b"read me").unwrap();
    pack.finish(ledger).unwrap().out
}

fn file(place: &Place, bytes: &[u8]) -> PathBuf {
    let path = place.state().with_file_name("evidence.tar");
    fs::write(&path, bytes).unwrap();
    path
}

fn examined(place: &Place, bytes: &[u8], ledger: &Ledger) -> Option<Examined> {
    Some(verify(&Evidence::open(&file(place, bytes)).ok()?, Some(&ledger.verifier())))
}

fn lines(examined: &Examined) -> Vec<String> {
    examined.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_went_in_is_proven_and_comes_out() {
    let place = Place::new();
    let ledger = ledger(&place);
    let bytes = packed(&ledger, &selection());
    let evidence = Evidence::open(&file(&place, &bytes)).unwrap();
    let examined = verify(&evidence, Some(&ledger.verifier()));
    assert_eq!(lines(&examined), [""; 0]);
    assert_eq!((examined.proven.as_slice(), examined.entries), ([0, 5, 6, 299].as_slice(), 4));
    assert_eq!((examined.blobs.present, examined.objects.present), (1, 2));
    assert_eq!(examined.head.map(|head| head.size), Some(300));
    let entry = evidence.entry(5).unwrap();
    let blob = evidence.blob(5, &entry.blobs[0], 100).unwrap();
    assert_eq!(blob, ("input".to_owned(), b"somebody's data".to_vec()));
    assert_eq!(evidence.blob(5, &entry.blobs[0], 3), None);
    let object = evidence.entry(6).unwrap().objects[1];
    assert_eq!(evidence.object(&object, 100).unwrap(), b"a mandate");
    assert_eq!(evidence.consistency(200).unwrap().old.size, 200);
    assert!(evidence.consistency(900).is_none());
    assert_eq!(bytes, packed(&ledger, &selection()), "the same selection gives the same file");
}

#[test]
fn what_stays_outside_is_accounted_for() {
    let place = Place::new();
    let ledger = ledger(&place);
    let component = belay_domain::digest::Digest::of(b"a component");
    let selection = Selection { with_blobs: false, withheld: [component].into(), ..selection() };
    let bytes = packed(&ledger, &selection);
    let evidence = Evidence::open(&file(&place, &bytes)).unwrap();
    let examined = verify(&evidence, None);
    assert_eq!(lines(&examined), [""; 0]);
    assert_eq!((examined.blobs.withheld, examined.objects.withheld, examined.objects.present), (1, 1, 1));
    assert_eq!(evidence.blob_state(5, &evidence.entry(5).unwrap().blobs[0]), Some(BlobState::Withheld));
    assert!(!bytes.windows(15).any(|window| window == b"somebody's data"));
}

#[test]
fn the_whole_log_is_verified_where_it_is_there() {
    let place = Place::new();
    let ledger = ledger(&place);
    let intent = ledger.append(draft("intent", "{}")).unwrap().seqs.start;
    let bytes = packed(&ledger, &Selection { with_log: true, ..selection() });
    let report = examined(&place, &bytes, &ledger).unwrap().log.unwrap();
    assert_eq!((report.entries, report.proven, report.open_intents), (301, 301, vec![intent]));
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn debian_s_tar_opens_it() {
    let place = Place::new();
    let ledger = ledger(&place);
    let path = file(&place, &packed(&ledger, &Selection { with_log: true, ..selection() }));
    let folder = path.parent().unwrap();
    let tar = std::process::Command::new("tar").arg("xf").arg(&path).current_dir(folder).status().unwrap();
    assert!(tar.success());
    let sums = std::process::Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(folder.join("evidence"))
        .status();
    assert!(sums.unwrap().success());
    assert_eq!(fs::read(folder.join("evidence/entries/299.json")).unwrap(), ledger.entry_bytes(299).unwrap().unwrap());
}

#[test]
fn every_changed_byte_is_noticed() {
    let place = Place::new();
    let ledger = ledger(&place);
    let bytes = packed(&ledger, &Selection { entries: [5].into(), earlier: [100].into(), ..selection() });
    // Neighbours are alike; which of them are tried moves through headers, contents and what fills blocks up.
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let noticed = examined(&place, &changed, &ledger).is_none_or(|examined| !examined.is_intact());
        assert!(noticed, "byte {at}");
    }
}

#[test]
fn a_file_that_was_cut_off_or_goes_on_is_noticed() {
    let place = Place::new();
    let ledger = ledger(&place);
    let bytes = packed(&ledger, &selection());
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1, bytes.len() - 512, bytes.len() - 1024]) {
        let noticed = examined(&place, &bytes[..length], &ledger).is_none_or(|examined| !examined.is_intact());
        assert!(noticed, "cut to {length}");
    }
    let longer = [&bytes[..], &[0; 512]].concat();
    assert!(!examined(&place, &longer, &ledger).unwrap().is_intact());
}

/// Takes members out of a file, or puts others in, with tar's headers made anew, as somebody without the key could.
fn forged(bytes: &[u8], change: impl Fn(&str, &mut Vec<u8>) -> bool) -> Vec<u8> {
    let mut archive = tar::Archive::new(bytes);
    let mut out = tar::Builder::new(Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        if change(&path, &mut content) {
            let mut header = entry.header().clone();
            header.set_size(content.len() as u64);
            header.set_cksum();
            out.append(&header, content.as_slice()).unwrap();
        }
    }
    out.into_inner().unwrap()
}

#[test]
fn a_forger_without_the_key_is_told_what_is_wrong() {
    let place = Place::new();
    let ledger = ledger(&place);
    let bytes = packed(&ledger, &selection());
    assert_eq!(bytes, forged(&bytes, |_, _| true), "the forger's tool changes nothing by itself");
    let dropped = forged(&bytes, |path, _| path != "evidence/entries/6.json");
    let found = lines(&examined(&place, &dropped, &ledger).unwrap());
    assert_eq!(found, ["entries/6.json: it is missing"; 2]);

    let other = String::from_utf8(ledger.entry_bytes(7).unwrap().unwrap()).unwrap();
    let swapped = forged(&bytes, |path, content| {
        if path == "evidence/entries/6.json" {
            *content = other.replace(r#""seq":7"#, r#""seq":6"#).into_bytes();
        }
        true
    });
    let examined = examined(&place, &swapped, &ledger).unwrap();
    let found = lines(&examined);
    assert!(found.contains(&"entries/6.json: it is not what was sealed".to_owned()), "{found:?}");
    assert!(found.iter().any(|line| line.contains("it is not what was signed as entry 6")), "{found:?}");
    assert_eq!(examined.proven, [0, 5, 299]);
}

#[test]
fn a_key_of_the_same_name_is_told_apart() {
    let (place, other) = (Place::new(), Place::new());
    let ledger = ledger(&place);
    let bytes = packed(&ledger, &selection());
    let found = lines(&examined(&place, &bytes, &other.init()).unwrap()).join("\n");
    assert!(found.contains("not the key to believe, which has the same name"), "{found}");
    assert!(found.contains("checkpoint: not signed by shop-ml"), "{found}");
}

#[test]
fn paths_that_lead_out_are_nowhere() {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..11].copy_from_slice(b"../../x.txt");
    header.set_size(1);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend([b'x']);
    bytes.resize(512 * 4, 0);
    let place = Place::new();
    let refused = Evidence::open(&file(&place, &bytes)).err().unwrap().to_string();
    assert!(refused.contains("none that belay writes"), "{refused}");
    let mut pack = Pack::new(Vec::new());
    assert!(pack.add("../x", b"x").is_err());
    pack.add("x", b"x").unwrap();
    assert!(pack.add("x", b"y").is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(0_u8.., 0..3000), at in 0_usize..20_000, whole: bool) {
        let place = Place::new();
        let changed = if whole {
            let mut real = packed(&ledger(&place), &Selection { entries: [5].into(), ..selection() });
            let at = at.min(real.len());
            let end = (at + bytes.len()).min(real.len());
            real.splice(at..end, bytes);
            real
        } else {
            bytes
        };
        if let Ok(evidence) = Evidence::open(&file(&place, &changed)) {
            let _ = verify(&evidence, None);
        }
    }
}
