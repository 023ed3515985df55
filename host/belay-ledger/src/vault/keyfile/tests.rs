use super::*;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        KeyFile::create(&place.path()).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("shop.key.blobs")
    }

    fn open(&self) -> KeyFile {
        KeyFile::open(&self.path(), self.0.path()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

fn key(file: &KeyFile, number: u64) -> Option<[u8; 32]> {
    match file.key(number).unwrap() {
        Lookup::Key(key) => Some(*key.0),
        Lookup::Destroyed | Lookup::Lost => None,
    }
}

#[test]
fn a_pool_of_keys_is_there_at_once_and_grows_by_pools() {
    let place = Place::new();
    let file = place.open();
    let first = key(&file, 1).unwrap();
    assert!(
        key(&file, POOL).is_some()
            && key(&file, POOL + 1).is_none()
            && key(&file, 0).is_none()
            && key(&file, u64::MAX).is_none()
    );
    file.ensure(POOL).unwrap();
    assert_eq!(place.bytes().len() as u64, POOL * RECORD as u64);
    file.ensure(POOL + 1).unwrap();
    assert_eq!(place.bytes().len() as u64, (2 * POOL + 1) * RECORD as u64);
    assert_eq!(key(&place.open(), 1), Some(first));
    assert!(key(&place.open(), POOL + 1).is_some());
}

#[test]
fn a_destroyed_key_is_gone_for_everybody_and_harms_no_other() {
    let place = Place::new();
    let (file, other) = (place.open(), place.open());
    let (before, after) = (key(&file, 6).unwrap(), key(&file, 8).unwrap());
    let gone = key(&file, 7).unwrap();
    let held = File::open(place.path()).unwrap();
    file.destroy(7).unwrap();
    assert!(matches!(file.key(7).unwrap(), Lookup::Destroyed));
    assert!(matches!(other.key(7).unwrap(), Lookup::Destroyed));
    assert_eq!((key(&other, 6), key(&other, 8)), (Some(before), Some(after)));
    let mut old = vec![0; RECORD];
    held.read_exact_at(&mut old, super::place(7).unwrap()).unwrap();
    assert!(!place.bytes().windows(32).any(|window| window == gone) && old.iter().all(|byte| *byte == 0));
    // Again, and one that never was.
    file.destroy(7).unwrap();
    file.destroy(9_999).unwrap();
    assert_eq!(place.bytes().len() as u64, POOL * RECORD as u64);
    assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_torn_or_damaged_record_is_no_key_and_the_next_growth_mends_the_end() {
    let place = Place::new();
    let mut bytes = place.bytes();
    bytes.truncate(bytes.len() - 11);
    bytes[3] ^= 1;
    fs::write(place.path(), &bytes).unwrap();
    let file = place.open();
    assert!(matches!(file.key(1).unwrap(), Lookup::Lost) && matches!(file.key(POOL).unwrap(), Lookup::Lost));
    file.ensure(POOL).unwrap();
    assert!(key(&file, POOL).is_some() && key(&file, POOL - 1).is_some());
}

#[test]
fn a_file_that_is_missing_or_open_to_others_is_refused_with_its_path() {
    let place = Place::new();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let error = KeyFile::open(&place.path(), place.0.path()).err().unwrap().to_string();
    assert!(error.contains("chmod 600") && error.contains("shop.key.blobs"), "{error}");
    fs::remove_file(place.path()).unwrap();
    let error = KeyFile::open(&place.path(), place.0.path()).err().unwrap().to_string();
    assert!(error.contains("shop.key.blobs"), "{error}");
}
