//! 100,000 cached values deleted by their prefix, by belay and by `redis-cli` as its users do it, in turn on one server.
//! belay's time is that of a whole run: planned, recorded, deleted, confirmed, sealed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use belay_tests::lab::desk::Desk;
use belay_tests::lab::guarded::Folder;
use belay_tests::lab::redis::Redis;
use belay_tests::lab::{Part, program, running};

use super::measure::{measure, millis, spread};
use crate::demo::Error;

const KEYS: u32 = 100_000;
/// Other keys of the same server, at which both must look too.
const OTHERS: u32 = 20_000;
const ROUNDS: usize = 5;
const PREFIX: &str = "scores:v9:";
const RUN: &str = "run scores-out ranker --to latest-good";

pub(super) fn run() -> Result<(), Error> {
    if !Part::Redis.is_installed() {
        println!("left out: cargo xtask lab install redis");
        return Ok(());
    }
    let folder = Folder::guarded(running("redis"));
    let redis = Redis::start(folder.path());
    let desk = Desk::of("redis", &["redis_cache"]);
    desk.edit("belay.toml", "redis://127.0.0.1:9", &format!("redis://{}", redis.address()));
    redis.ask(&["SET", "features:generation", "8"]);
    redis.fill("others:", OTHERS);
    desk.capture("ranker");
    let (mut by_belay, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        redis.fill(PREFIX, KEYS);
        by_belay.push(by_run(&desk)?);
        redis.fill(PREFIX, KEYS);
        by_hand.push(by_client(&redis)?);
    }
    let ratios = by_belay.iter().zip(&by_hand).map(|(run, client)| run.as_secs_f64() / client.as_secs_f64());
    println!("{:28}{}", "belay / redis-cli, wall", spread(ratios.collect()));
    println!("{:28}{}", "belay run, wall ms", spread(by_belay.iter().copied().map(millis).collect()));
    println!("{:28}{}", "redis-cli, wall ms", spread(by_hand.iter().copied().map(millis).collect()));
    Ok(())
}

fn by_run(desk: &Desk) -> Result<Duration, Error> {
    let began = Instant::now();
    let mut run = desk.start(RUN);
    let ended = run.wait().map_err(|source| Error::File { path: "belay".into(), source })?;
    let took = began.elapsed();
    if ended.success() {
        Ok(took)
    } else {
        Err(Error::Ended { command: format!("belay {RUN}"), found: ended.to_string(), expected: 0 })
    }
}

/// `redis-cli --scan --pattern 'scores:v9:*' | xargs redis-cli UNLINK`
fn by_client(redis: &Redis) -> Result<Duration, Error> {
    let client = format!("{} -h 127.0.0.1 -p {}", program("redis-cli").display(), redis.address().port());
    let line = format!("{client} --scan --pattern '{PREFIX}*' | xargs {client} UNLINK");
    measure(Command::new("sh").args(["-c", &line]).stdin(Stdio::null())).map(|taken| taken.wall)
}
