//! A change of the signing key, and the seal after it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use belay_ledger::note::Verifier;
use belay_ledger::verify::verify;

use crate::common::{Place, draft};
use crate::story::{Heard, Story, answered, begin, goes_on};

pub(crate) const STORY: Story =
    Story { test: "a_fault_in_a_change_of_keys_leaves_it_whole_or_not_begun", prepare, act, check };

/// The key that the log began with.
const FIRST: &str = "first.vkey";

fn prepare(place: &Place) {
    let ledger = place.init();
    ledger.append(draft("before", "{}")).unwrap();
    ledger.publish().unwrap();
    fs::write(place.state().with_file_name(FIRST), ledger.verifier().to_string()).unwrap();
}

fn act(place: &Path) {
    let ledger = begin(place);
    answered("changed", ledger.rotate_key(draft("key", "{}")));
    answered("published", ledger.publish());
}

fn check(place: &Place, heard: &Heard) {
    let folder = place.key().parent().unwrap().to_owned();
    for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o077;
        assert!(!name.starts_with("key") || mode == 0, "others can read {name}");
    }
    let first: Verifier = fs::read_to_string(folder.join(FIRST)).unwrap().parse().unwrap();
    let ledger = place.open();
    let keys = ledger.keys().unwrap();
    let changed = *keys.present() != first;
    assert!(keys.find(&first).is_some() && *keys.present() == ledger.verifier());
    assert!(changed || !heard.durable.contains("changed"), "acknowledged, and not there");
    assert!(!changed || !heard.refused.contains("changed"), "refused, and there");
    ledger.publish().unwrap();
    for key in [&first, &ledger.verifier()] {
        let report = verify(&place.state(), Some(key));
        assert!(report.is_intact(), "{:?}", report.findings);
    }
    ledger.rotate_key(draft("key", "{}")).unwrap();
    assert!(!place.key().with_added_extension("next").exists(), "a key that nobody needs");
    goes_on(place, &ledger);
}
