//! The shop that the demo's release harms: it reads its flags and reports its error ratio, as a monitored service would.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Error;

/// How often it looks at its flags.
const TICK: Duration = Duration::from_millis(50);
/// How long a change may take to show.
const PATIENCE: Duration = Duration::from_secs(5);

/// A shop on the systems of one environment. It closes when it is dropped.
pub(crate) struct Shop {
    closing: Arc<AtomicBool>,
    metrics: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Shop {
    pub(crate) fn open(systems: &Path) -> Self {
        let flags = systems.join("flags/shop.flagd.json");
        let metrics = systems.join("metrics/ranker.json");
        let closing = Arc::new(AtomicBool::new(false));
        let (close, report) = (Arc::clone(&closing), metrics.clone());
        let thread = std::thread::spawn(move || {
            while !close.load(Ordering::Relaxed) {
                let serves_v9 = fs::read_to_string(&flags).is_ok_and(|text| serves_v9(&text));
                let ratio = if serves_v9 { "0.31" } else { "0.004" };
                // A reader must not see half a report.
                let staged = report.with_extension("new");
                if fs::write(&staged, format!("{{\"error_ratio\": {ratio}}}\n")).is_ok() {
                    let _ = fs::rename(&staged, &report);
                }
                std::thread::sleep(TICK);
            }
        });
        Self { closing, metrics, thread: Some(thread) }
    }

    /// Waits until the error ratio is this.
    pub(crate) fn expect(&self, ratio: &str, otherwise: &str) -> Result<(), Error> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if fs::read_to_string(&self.metrics).is_ok_and(|text| text.contains(&format!(" {ratio}}}"))) {
                return Ok(());
            }
            std::thread::sleep(TICK);
        }
        Err(Error::Untrue(otherwise.to_owned()))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether the file's first flag, `ranker-v9`, is on for anybody.
fn serves_v9(flags: &str) -> bool {
    let flag = flags.split("\"ranker-v9\"").nth(1).and_then(|rest| rest.split("\"free-shipping-banner\"").next());
    flag.is_some_and(|flag| flag.contains("\"ENABLED\"") && flag.contains("\"defaultVariant\": \"on\""))
}
