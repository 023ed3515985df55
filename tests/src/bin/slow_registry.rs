//! A model registry that answers after 50 ms, for benchmarks: `slow_registry [MILLISECONDS]`. Prints its port, and ends
//! when standard input closes, so that it never outlives who started it.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use belay_tests::lab::registry;

fn main() -> ExitCode {
    let delay = std::env::args().nth(1).map_or(Ok(50), |text| text.parse());
    let Ok(delay) = delay else {
        eprintln!("usage: slow_registry [MILLISECONDS]");
        return ExitCode::from(2);
    };
    match registry::serve(Duration::from_millis(delay)) {
        Ok(address) => {
            println!("{}", address.port());
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
