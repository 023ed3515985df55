//! The statement of completeness: which entries were read, what the log looks like on both sides of them, and whether it
//! was silent.

use std::ops::Range;

use belay_domain::digest::Digest;
use belay_domain::id::RunId;
use belay_ledger::silence::{Silence, Silences};
use belay_ledger::{Entry, Ledger};

use crate::api::{Completeness, Error, HeadOf};
use crate::ledger;

/// What is seen while the entries are read.
pub(super) struct Reading {
    span: Range<u64>,
    before: HeadOf,
    silences: Silences,
    unreadable: Vec<RunId>,
}

impl Reading {
    pub(super) fn begin(store: &Ledger, span: &Range<u64>) -> Result<Self, Error> {
        Ok(Self {
            span: span.clone(),
            before: head(store, span.start)?,
            silences: Silences::default(),
            unreadable: Vec::new(),
        })
    }

    pub(super) fn read(&mut self, entry: &Entry) {
        self.silences.read(entry);
    }

    pub(super) fn cannot_read(&mut self, run: &RunId) {
        self.unreadable.push(run.clone());
    }

    /// Verifies the whole log, and says on what the report stands.
    pub(super) fn end(self, store: &Ledger) -> Result<Completeness, Error> {
        let failed = |error: belay_ledger::Error| ledger::error(&error);
        store.publish().map_err(failed)?;
        let checkpoint = store.checkpoint_now().map_err(failed)?;
        let verified = belay_ledger::verify::verify(store.folder(), Some(&store.verifier()));
        let after = head(store, self.span.end)?;
        let proof = |size: u64| -> Result<Vec<Digest>, Error> {
            let proof = store.consistency_proof(size, checkpoint.head.size).map_err(failed)?;
            Ok(proof.unwrap_or_default())
        };
        let steps = verified.clock_steps.iter().filter(|step| self.span.contains(&step.entry)).count();
        let more = (verified.omitted > 0).then(|| format!("and {} more", verified.omitted));
        let silence = self.silences.end();
        // Elsewhere the log itself says what came.
        let awaited = silence.awaited.filter(|_| after.size == checkpoint.head.size);
        Ok(Completeness {
            origin: store.verifier().name().to_owned(),
            before_proof: proof(self.before.size)?,
            after_proof: proof(after.size)?,
            before: self.before,
            after,
            checkpoint: checkpoint.note,
            sound: verified.is_intact(),
            problems: verified.findings.iter().map(ToString::to_string).chain(more).collect(),
            open_intents: verified.open_intents,
            unreadable: self.unreadable,
            clock_steps: u64::try_from(steps).unwrap_or(u64::MAX),
            silence: Silence { awaited, ..silence },
        })
    }
}

fn head(store: &Ledger, size: u64) -> Result<HeadOf, Error> {
    let head = store.head_at(size).map_err(|error| ledger::error(&error))?;
    let head = head.ok_or_else(|| Error::failed(format!("the log has no {size} entries any more")))?;
    Ok(HeadOf { size: head.size, root: head.root })
}
