//! A system call that fails, or a SIGKILL in its place, wherever an append, a seal, a redaction or a change of keys makes
//! one: what was acknowledged is there once, nothing was made up, what was taken away is gone, and the ledger goes on.
//! `strace` does it to this very program, run as a child. `BELAY_TESTS=full` tries every place, without a tier too;
//! `quick` and `fast` try some.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod append;
mod close;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/files.rs"]
mod files;
mod redaction;
mod rotation;
mod story;
mod strace;
mod sweep;
#[path = "../common/tool.rs"]
mod tool;

use story::Story;

fn try_every_fault(story: &Story) {
    if story.is_told_by_a_child() || tool::is_left_out("strace", "--version", "strace") {
        return;
    }
    sweep::sweep(story);
}

#[test]
fn a_fault_in_an_append_and_a_seal_loses_nothing_and_makes_nothing_up() {
    try_every_fault(&append::STORY);
}

#[test]
fn a_fault_when_the_log_is_closed_loses_nothing() {
    try_every_fault(&close::STORY);
}

#[test]
fn a_fault_in_a_redaction_leaves_it_whole_or_not_begun() {
    try_every_fault(&redaction::STORY);
}

#[test]
fn a_fault_in_a_change_of_keys_leaves_it_whole_or_not_begun() {
    try_every_fault(&rotation::STORY);
}
