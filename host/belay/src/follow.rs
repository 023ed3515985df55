//! Follows a run while it is performed: shows what is new, and hears Ctrl-C. Never decides about the run.

use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use belay_engine::RunView;
use belay_runtime::api::Error;
use jiff::Zoned;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::live::Live;
use crate::output::{self, Output};
use crate::patience::{PATIENCE, say_still_looking};
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::run::{Caption, changes, tree};

/// How often a terminal's running times move.
const TICK: Duration = Duration::from_millis(100);
/// The exit status of a process that an interrupt ended, by the shells' custom: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Shows a run's progress the way the output wants it.
#[derive(Debug)]
pub(crate) struct Follower {
    output: Output,
    caption: Caption,
    live: Live,
    shown: Option<RunView>,
    failed: Option<Error>,
}

impl Follower {
    /// Follows under this caption.
    pub(crate) fn new(output: Output, caption: Caption) -> Self {
        Self { output, caption, live: Live::default(), shown: None, failed: None }
    }

    /// Performs `work` and shows each view that comes meanwhile. At the first interrupt it asks `interrupt` whether to
    /// stop following, which gives nothing, or to wait for the operation under way to end; at the second the process
    /// ends at once.
    pub(crate) async fn follow<T>(
        &mut self,
        work: impl Future<Output = Result<T, Error>>,
        mut views: UnboundedReceiver<RunView>,
        interrupt: impl Fn() -> ControlFlow<()>,
    ) -> Result<Option<T>, Error> {
        let mut work = pin!(work);
        let mut signals = Interrupts::listen()?;
        let mut tick = tokio::time::interval(TICK);
        let mut asked = false;
        let mut silence = pin!(tokio::time::sleep(PATIENCE));
        let mut is_said = false;
        let result = loop {
            tokio::select! {
                biased;
                () = signals.next() => {
                    if asked {
                        std::process::exit(INTERRUPTED);
                    }
                    asked = true;
                    if interrupt().is_break() {
                        return Ok(None);
                    }
                    self.say_stopping();
                }
                Some(view) = views.recv() => self.show(view),
                result = &mut work => break result,
                () = &mut silence, if !is_said && self.shown.is_none() => {
                    is_said = true;
                    say_still_looking(self.output);
                }
                _ = tick.tick(), if self.output.draws() => self.redraw(),
            }
        };
        while let Ok(view) = views.try_recv() {
            self.show(view);
        }
        self.finish();
        let answer = result?;
        self.failed.take().map_or(Ok(Some(answer)), Err)
    }

    fn show(&mut self, view: RunView) {
        let shown = if self.output.is_json() {
            self.output.line("run.progress", &view)
        } else if self.output.draws() {
            Ok(())
        } else {
            self.output.page(&changes(self.shown.as_ref(), &view))
        };
        self.keep(shown);
        self.shown = Some(view);
        self.redraw();
    }

    fn redraw(&mut self) {
        if let Some(page) = self.drawn() {
            let drawn = self.live.draw(page, self.output.paints());
            self.keep(drawn.or_else(output::unread));
        }
    }

    /// Leaves the whole tree on a terminal, also what did not fit while it was drawn in place.
    fn finish(&mut self) {
        if let Some(page) = self.drawn() {
            let drawn = self.live.finish(&page, self.output.paints());
            self.keep(drawn.or_else(output::unread));
        }
    }

    fn drawn(&self) -> Option<Page> {
        let view = self.shown.as_ref().filter(|_| self.output.draws())?;
        Some(tree(view, &self.caption, &Clock::new(Zoned::now())))
    }

    /// A run goes on though nobody can be shown how: what went wrong is said when it is over.
    fn keep(&mut self, shown: Result<(), Error>) {
        if let Err(error) = shown {
            self.failed.get_or_insert(error);
        }
    }

    fn say_stopping(&mut self) {
        let words = if self.shown.is_some() {
            "stopping: the write under way ends, no other starts; once more to stop at once"
        } else {
            "stopping"
        };
        self.output.say(&Page::from(vec![Line::new().painted(Paint::Warn, words)]));
        // What was said stands below the drawn page now: the next one is drawn below that.
        self.live = Live::default();
    }
}

/// Ctrl-C, and what service managers send.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|error| Error::failed(format!("signals: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
