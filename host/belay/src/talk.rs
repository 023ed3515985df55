//! What `-v` says on standard error while a command works.

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Begins to listen; says nothing unless asked to, by `-v` or the environment's `BELAY_LOG`.
pub(crate) fn listen(verbose: u8) {
    let asked = std::env::var("BELAY_LOG").ok();
    let level = match verbose {
        0 if asked.is_none() => return,
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).parse_lossy(asked.unwrap_or_default());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
