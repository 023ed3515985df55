//! Whether a table's data files are still there. Never looks into them: writers give each file a name of its own and
//! never write it twice, so a name and a size say which bytes they are.

use belay_sdk::Fault;

use crate::folder::Folder;
use crate::snapshot::{File, Table};

/// So many missing files are named.
const NAMED: usize = 3;

/// Refuses a table of which a file is gone, as after a VACUUM, or has another size.
pub(crate) fn check(folder: &Folder, table: &Table) -> Result<(), Fault> {
    let gone = absent(folder, table)?;
    if gone.is_empty() {
        return Ok(());
    }
    let named = gone.iter().take(NAMED).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let more = if gone.len() > NAMED { ", …" } else { "" };
    Err(Fault::Missing(format!(
        "{} of the {} files of version {} are gone, perhaps vacuumed: {named}{more}",
        gone.len(),
        table.files.len(),
        table.version
    )))
}

/// The keys that are not listed with the size that the log says. Both lists are in key order.
fn absent<'a>(folder: &Folder, table: &'a Table) -> Result<Vec<&'a str>, Fault> {
    let mut wanted = table.files.iter().peekable();
    let mut gone = Vec::new();
    folder.pages("", None, |page| {
        for meta in page {
            while let Some(file) = wanted.next_if(|file| file.key() < meta.key.as_str()) {
                gone.push(file.key());
            }
            let listed = wanted.next_if(|file| file.key() == meta.key);
            gone.extend(listed.filter(|file| file.size != meta.size).map(File::key));
        }
        wanted.peek().is_some()
    })?;
    gone.extend(wanted.map(File::key));
    Ok(gone)
}
