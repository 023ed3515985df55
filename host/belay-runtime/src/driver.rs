//! Drives a run: performs the engine's commands, makes each event durable where something rests on it, and feeds it
//! back. Decides nothing: what follows from an event is the engine's.

mod ahead;
mod ask;
mod consented;
mod fallback;
mod limit;
mod perform;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use belay_domain::id::{Epoch, RunId};
use belay_engine::{Act, ActId, Command, Event, Run, RunView, Status};
use belay_ledger::{Batch, Condition, Draft};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use self::ahead::Ahead;
use self::limit::Limits;
use crate::api::{Ending, Error};
use crate::clock;
use crate::host::Host;
use crate::journal;
use crate::owner::Owner;
use crate::planner::Ground;
use crate::quarantine;

pub(crate) use ask::{Ask, KIND as ASKED, asked};
pub(crate) use perform::finding_without_mandate;

/// Where a run's progress goes: its view after each event.
pub type Progress = UnboundedSender<RunView>;

/// How often a live run looks for what others ask of it.
const LISTEN: Duration = Duration::from_millis(200);

/// Drives one run, as its owner.
pub(crate) struct Driver {
    ground: Arc<Ground>,
    run: Run,
    id: RunId,
    epoch: Epoch,
    /// Events that join the next one that must be durable.
    pending: Vec<Draft>,
    /// The sequence number of each act's intent.
    intents: BTreeMap<ActId, u64>,
    /// Acts whose intent is not durable yet.
    starting: BTreeMap<ActId, Act>,
    /// Acts whose intent is durable, to be performed now.
    intended: Vec<Act>,
    /// Acts that are being performed.
    performing: BTreeSet<ActId>,
    /// Locks are to be given back with the next batch.
    unlock: bool,
    /// Up to where the ledger was read for what others ask.
    heard: u64,
    progress: Progress,
    stop: CancellationToken,
    /// It waits until a run that is paused, or that people must approve, is to go on.
    stays: bool,
    /// When the run or a step has taken its time.
    limits: Limits,
    /// The next stage's plan, begun before its turn.
    ahead: Option<Ahead>,
    /// The last stage for which one was begun.
    looked_ahead: Option<u32>,
    _owner: Owner,
}

/// Something that was done on a command's behalf.
enum Done {
    /// An event that the engine is waiting for.
    Event(Event),
    /// The host could not do its part; what was under way is left as it is.
    Failed(Error),
}

type Task = BoxFuture<'static, Done>;

/// Everything that a driver is made from.
pub(crate) struct Start {
    pub(crate) ground: Ground,
    pub(crate) run: Run,
    pub(crate) intents: BTreeMap<ActId, u64>,
    pub(crate) heard: u64,
    pub(crate) owner: Owner,
    pub(crate) progress: Progress,
    pub(crate) stop: CancellationToken,
    pub(crate) stays: bool,
}

impl Driver {
    pub(crate) fn new(start: Start) -> Self {
        let id = start.run.spec().id().clone();
        let epoch = start.run.owner().1;
        Self {
            ground: Arc::new(start.ground),
            run: start.run,
            id,
            epoch,
            pending: Vec::new(),
            intents: start.intents,
            starting: BTreeMap::new(),
            intended: Vec::new(),
            performing: BTreeSet::new(),
            unlock: false,
            heard: start.heard,
            progress: start.progress,
            stop: start.stop,
            stays: start.stays,
            limits: Limits::default(),
            ahead: None,
            looked_ahead: None,
            _owner: start.owner,
        }
    }

    fn host(&self) -> &Host {
        &self.ground.host
    }

    /// Performs commands until the run is sealed, halted, paused or waiting, or until somebody interrupts.
    pub(crate) async fn drive(mut self, commands: Vec<Command>) -> Result<Run, Error> {
        let result = self.work(commands).await;
        self.leave().await;
        result.map(|()| self.run)
    }

    async fn work(&mut self, commands: Vec<Command>) -> Result<(), Error> {
        let mut tasks: FuturesUnordered<Task> = FuturesUnordered::new();
        // What was asked while nobody worked on the run comes before anything else.
        let asks = self.hear()?;
        let mut commands = commands;
        commands.extend(self.take(asks).await?);
        let mut events = Vec::new();
        self.begin(commands, &tasks, &mut events).await?;
        loop {
            self.show();
            if self.run.is_at_rest() {
                // What is left only reads, or waits for the end of a hold: a run that goes on does it again.
                tasks.clear();
                self.ahead = None;
            }
            self.look_ahead()?;
            if events.is_empty() {
                if tasks.is_empty() && !self.waits_for_a_word() {
                    return Ok(());
                }
                if !self.wait(&mut tasks, &mut events).await? {
                    return Ok(());
                }
            }
            let commands = self.take(std::mem::take(&mut events)).await?;
            if self.interrupted() {
                // What is under way ends and is recorded; nothing else starts.
                self.finish(tasks).await?;
                return Ok(());
            }
            self.begin(commands, &tasks, &mut events).await?;
        }
    }

    fn interrupted(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn waits_for_a_word(&self) -> bool {
        self.stays && matches!(self.run.status(), Status::Paused(_) | Status::Waiting(_))
    }

    /// Waits for something to be done, or to be asked. `false`: only people can go on, or somebody interrupted.
    async fn wait(&mut self, tasks: &mut FuturesUnordered<Task>, events: &mut Vec<Event>) -> Result<bool, Error> {
        loop {
            // Without tasks there is nothing but what others ask.
            if tasks.is_empty() {
                tokio::time::sleep(LISTEN).await;
            }
            match tokio::time::timeout(LISTEN, tasks.next()).await {
                Ok(Some(Done::Event(event))) => {
                    events.push(event);
                    // What else is done by now shares the next commit.
                    while let Some(Some(done)) = tasks.next().now_or_never() {
                        match done {
                            Done::Event(event) => events.push(event),
                            Done::Failed(error) => return Err(error),
                        }
                    }
                }
                Ok(Some(Done::Failed(error))) => return Err(error),
                Ok(None) | Err(_) => {}
            }
            events.extend(self.hear()?);
            events.extend(self.limits.passed(&self.run));
            if !events.is_empty() {
                return Ok(true);
            }
            if !self.pending.is_empty() {
                // Nothing rests on it and no barrier is near: others who look at the run must see where it stands.
                self.commit(Vec::new()).await?;
            }
            if self.interrupted() && tasks.is_empty() {
                return Ok(false);
            }
            if self.interrupted() {
                let tasks = std::mem::take(tasks);
                self.finish(tasks).await?;
                return Ok(false);
            }
        }
    }

    /// Lets operations that are under way end and records what became of them. Everything else is dropped: it only
    /// reads or waits, and a resumed run does it again.
    async fn finish(&mut self, mut tasks: FuturesUnordered<Task>) -> Result<(), Error> {
        while !self.performing.is_empty() {
            match tasks.next().await {
                None => break,
                Some(Done::Failed(error)) => return Err(error),
                Some(Done::Event(event)) => {
                    self.take(vec![event]).await?;
                }
            }
        }
        self.show();
        Ok(())
    }

    /// What others asked of this run since the last look.
    fn hear(&mut self) -> Result<Vec<Event>, Error> {
        let (mut asks, heard) = asked(&self.host().ledger, &self.id, self.heard)?;
        if self.waits_for_a_word() {
            asks.extend(self.people_said()?);
        }
        self.heard = heard;
        Ok(asks)
    }

    /// Makes events durable where one must be, feeds them in order, and says what is to be done now.
    async fn take(&mut self, mut events: Vec<Event>) -> Result<Vec<Command>, Error> {
        events.retain(|event| self.may_be_recorded(event));
        let first = self.pending.len();
        for event in &events {
            self.pending.push(journal::draft(&self.ground.cause, event)?);
        }
        if events.iter().any(Event::is_barrier) {
            let seqs = self.commit(Vec::new()).await?;
            for (seq, event) in seqs.skip(first).zip(&events) {
                if let Event::Intended { act, .. } = event {
                    self.intents.insert(*act, seq);
                }
            }
        }
        let mut commands = Vec::new();
        for event in events {
            commands.extend(self.feed(event)?);
        }
        Ok(commands)
    }

    /// An intent is recorded only while the run still wants it.
    fn may_be_recorded(&mut self, event: &Event) -> bool {
        let Event::Intended { act, epoch, .. } = event else { return true };
        let may = self.run.may_act(*act, *epoch).is_ok();
        if !may {
            self.starting.remove(act);
        }
        may
    }

    fn feed(&mut self, event: Event) -> Result<Vec<Command>, Error> {
        if let Event::Performed { act, .. } = &event {
            self.performing.remove(act);
        }
        let act = if let Event::Intended { act, .. } = &event { self.starting.remove(act) } else { None };
        match (self.run.apply(event), act) {
            (Ok(commands), None) => Ok(commands),
            (Ok(commands), Some(act)) => {
                self.intended.push(act);
                Ok(commands)
            }
            // A late or repeated answer; it is recorded, and folding rejects it again.
            (Err(rejected), None) => {
                tracing::debug!(%rejected, "an event came late");
                Ok(Vec::new())
            }
            // Something stopped the run in the same commit. The intent is recorded, so that it needs its outcome.
            (Err(_), Some(act)) => {
                let event = self.not_acted_on(act);
                self.pending.push(journal::draft(&self.ground.cause, &event)?);
                Ok(Vec::new())
            }
        }
    }

    /// Appends what is pending, as the run's owner.
    async fn commit(&mut self, conditions: Vec<Condition>) -> Result<std::ops::Range<u64>, Error> {
        let appended = self.try_commit(conditions).await;
        appended.map_err(|error| self.ledger_failed(&error))
    }

    async fn try_commit(&mut self, more: Vec<Condition>) -> Result<std::ops::Range<u64>, belay_ledger::Error> {
        let mut conditions = vec![Condition::OwnerIs { run: self.id.clone(), epoch: self.epoch }];
        if self.unlock {
            conditions.push(Condition::Unlock { run: self.id.clone() });
        }
        conditions.extend(more);
        let batch = Batch { drafts: self.pending.clone(), conditions };
        let appended = crate::ledger::append(&self.ground.host.ledger, batch).await?;
        self.unlock = false;
        self.pending.clear();
        Ok(appended.seqs)
    }

    fn ledger_failed(&self, error: &belay_ledger::Error) -> Error {
        if let belay_ledger::Error::NotOwner { .. } = error {
            return Error::new(Ending::Failed, format!("{} was taken over by another process", self.id))
                .changed("nothing since: this process acts no more")
                .next(format!("belay watch {}", self.id));
        }
        crate::ledger::error(error)
            .changed(format!("no record, no action: {} stands where `belay status {}` says", self.id, self.id))
            .next(format!("belay resume {}, once the ledger can be written", self.id))
    }

    fn show(&self) {
        // Nobody watching is no reason to stop.
        let _ = self.progress.send(self.run.view());
    }

    /// Gives locks back and derives the log's files. What is pending is recorded on the way; a failure here loses
    /// nothing that anything rests on.
    async fn leave(&mut self) {
        if (self.unlock || !self.pending.is_empty())
            && let Err(error) = self.commit(Vec::new()).await
        {
            tracing::warn!(%error, "the last records of {} were not written", self.id);
        }
        let ledger = self.host().ledger.clone();
        let published = tokio::task::spawn_blocking(move || ledger.publish()).await;
        if let Ok(Err(error)) = published {
            tracing::warn!(%error, "the log's files were not brought up to date");
        }
        self.show();
    }

    /// Starts what commands say.
    async fn begin(
        &mut self,
        commands: Vec<Command>,
        tasks: &FuturesUnordered<Task>,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let mut commands = VecDeque::from(commands);
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Lock { stage, resources } => match self.lock(stage, resources).await? {
                    // It is recorded already, with the lock itself.
                    Ok(locked) => commands.extend(self.feed(locked)?),
                    Err(held) => events.push(held),
                },
                Command::Unlock => self.unlock = true,
                Command::Act(act) => self.intend(act, events),
                Command::CloseOrphan { act, .. } => events.extend(self.close_orphan(act)),
                Command::FallBack { failed, response } => {
                    self.keep_undo_point(&response)?;
                    events.push(Event::FellBack { failed, response, at: clock::now() });
                }
                Command::Seal { receipt } => {
                    self.unlock = true;
                    // With the receipt in one commit: a run that has ended has said what it quarantines.
                    self.pending.extend(quarantine::at_the_end(&self.ground, &self.run, &receipt).await?);
                    events.push(Event::Sealed { receipt, at: clock::now() });
                }
                Command::Plan { stage, steps } => tasks.push(self.plan(stage, &steps)),
                Command::Look { step, index } => tasks.push(self.look(step, index)),
                Command::Confirm { step, part } => tasks.push(self.confirm(step, part)),
                Command::Measure { check, step } => tasks.push(self.measure(check, step)),
                Command::WakeAt { wake, after_ms, .. } => tasks.push(
                    async move {
                        tokio::time::sleep(Duration::from_millis(after_ms)).await;
                        Done::Event(Event::Woke { wake, at: clock::now() })
                    }
                    .boxed(),
                ),
                Command::LimitAt { wake, after_ms, .. } => self.limits.set(wake, after_ms),
                // The view shows what is asked; `belay confirm` answers.
                Command::AskPerson { .. } => {}
            }
        }
        for act in std::mem::take(&mut self.intended) {
            self.performing.insert(act.act);
            tasks.push(self.perform(act));
        }
        Ok(())
    }
}
