//! A run on its way: as a tree, as one line for each change, as a list of runs.

mod changes;
mod list;
mod standing;
mod tree;

pub(crate) use changes::changes;
pub(crate) use list::list;
pub(super) use standing::of_check;
pub(crate) use tree::{Caption, tree};

#[cfg(test)]
pub(crate) mod sample;
